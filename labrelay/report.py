"""The report that `run` and `demo` leave behind, as JSON and as a table."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from labrelay.oracle import SIDECAR, Result, Verdict


class Row(BaseModel):
    """Base of the report's parts."""

    model_config = ConfigDict(frozen=True)


class WrittenFile(Row):
    """A file as the instrument left it; `finished_s` is the wall clock of its end."""

    size: int
    sha256: str
    finished_s: float


class FailedFile(Row):
    """A file without results, and why."""

    file: str
    code: str
    cause: str
    next_step: str


class OutputFile(Row):
    """One output, path below the output folder."""

    path: str
    sha256: str


class FileResult(Row):
    """The counted result of one job."""

    file: str
    job_id: str
    count: int | None
    true_count: int | None = None
    qc_flags: str
    outputs: tuple[OutputFile, ...]


class PlateTable(Row):
    """The table of one plate and pipeline; `outputs` are those that lie below the output folder."""

    plate: str
    pipeline: str
    edition: int
    stage: Stage
    outputs: tuple[OutputFile, ...]


class Latency(Row):
    """Seconds from the end of the writing of an image to its last output beside the instrument."""

    p50: float
    p95: float
    max: float


class Report(Row):
    """What happened. `lost` and `doubled` are the oracle's, from the folders alone; plates' `tables` are no images."""

    images: int
    jobs: int
    complete: int
    failed: tuple[FailedFile, ...]
    unmatched: tuple[str, ...]
    lost: int
    doubled: int
    bytes: int
    wall_s: float
    images_per_s: float
    latency_s: Latency
    results: tuple[FileResult, ...]
    tables: tuple[PlateTable, ...] = ()

    @property
    def well(self) -> bool:
        """Nothing failed, was lost, doubled or left over."""
        left_over = self.failed or self.unmatched or self.lost or self.doubled
        tables = all(table.stage is Stage.COMPLETE for table in self.tables)
        return tables and not left_over and self.complete == self.jobs > 0

    def as_json(self) -> str:
        """The JSON document; `true_count` only where it is known."""
        document = self.model_dump(mode="json")
        for result in document["results"]:
            if result["true_count"] is None:
                del result["true_count"]
        return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def build_report(
    written: Mapping[str, WrittenFile],
    jobs: list[Job],
    verdict: Verdict,
    wall_s: float,
    truth: Mapping[str, int] | None = None,
    unreadable: Iterable[FailedFile] = (),
    tables: Iterable[PlateTable] = (),
) -> Report:
    """Put together what was written, what the jobs of images say, what the oracle saw, and what else there is."""
    ended = (_failed(job) for job in jobs if job.stage not in (Stage.COMPLETE, Stage.UNMATCHED))
    failed = (*ended, *unreadable)
    unmatched = tuple(job.source.path for job in jobs if job.stage is Stage.UNMATCHED)
    excused = {entry.file for entry in failed} | set(unmatched)
    latencies = sorted(
        result.finished_s - written[result.source].finished_s for result in verdict.results if result.source in written
    )
    complete = [job for job in jobs if job.stage is Stage.COMPLETE]
    return Report(
        images=len(written),
        jobs=len(jobs),
        complete=len(complete),
        failed=failed,
        unmatched=unmatched,
        lost=len([path for path in verdict.lost if path not in excused]) + len(verdict.torn),
        doubled=len(verdict.doubled),
        bytes=sum(file.size for file in written.values()),
        wall_s=round(wall_s, 3),
        images_per_s=round(len(complete) / wall_s, 3) if wall_s > 0 else 0.0,
        latency_s=_latency(latencies),
        results=tuple(_result(job, truth or {}) for job in complete),
        tables=tuple(tables),
    )


def told_results(jobs: list[Job]) -> list[Result]:
    """Complete jobs whose pipeline wrote no provenance sidecar, for the oracle to look at."""
    complete = [job for job in jobs if job.stage is Stage.COMPLETE]
    return [_told(job) for job in complete if not any(output.name.endswith(SIDECAR) for output in job.outputs)]


def written_files(root: Path, digests: Mapping[str, str], since_s: float = 0.0) -> dict[str, WrittenFile]:
    """What lies below `root` still; a file that was there before `since_s` counts as finished then."""
    files = {path: (root / path).stat() for path in digests if (root / path).is_file()}
    return {
        path: WrittenFile(size=stat.st_size, sha256=digests[path], finished_s=max(stat.st_mtime, since_s))
        for path, stat in files.items()
    }


def _told(job: Job) -> Result:
    return Result(
        source=job.source.path,
        input_sha256=job.source.sha256,
        job_id=job.id,
        task_id=job.task.id if job.task else "",
        outputs={output.returned_path or output.name: output.sha256 for output in job.outputs},
        finished_s=job.updated_ns / 1e9,
    )


def _failed(job: Job) -> FailedFile:
    failure = job.failure
    if failure is None:
        waits = f"The job is still {job.stage.replace('_', ' ')}." if not job.final else f"The job was {job.stage}."
        return FailedFile(
            file=job.source.path,
            code=job.stage if job.final else "still_waiting",
            cause=job.overdue or waits,
            next_step="Give it more time with --wait, or look at `labrelay doctor`.",
        )
    return FailedFile(file=job.source.path, code=failure.code, cause=failure.cause, next_step=failure.next_step)


def _result(job: Job, truth: Mapping[str, int]) -> FileResult:
    report = job.report
    outputs = (OutputFile(path=output.returned_path or output.name, sha256=output.sha256) for output in job.outputs)
    return FileResult(
        file=job.source.path,
        job_id=job.id,
        count=_count(report.results if report else ""),
        true_count=truth.get(job.source.path),
        qc_flags=report.qc_flags if report else "",
        outputs=tuple(outputs),
    )


def _count(results: str) -> int | None:
    name, _, number = results.partition(",")
    return int(number) if name.strip() == "CellCount" and number.strip().isdecimal() else None


def _latency(seconds: list[float]) -> Latency:
    if not seconds:
        return Latency(p50=0.0, p95=0.0, max=0.0)

    def at(fraction: float) -> float:
        return round(seconds[min(len(seconds) - 1, int(fraction * len(seconds)))], 3)

    return Latency(p50=at(0.5), p95=at(0.95), max=round(seconds[-1], 3))
