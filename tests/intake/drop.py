"""Files that were dropped into a running chain, what became of them, and what people are told about it."""

import html
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from labrelay.cli.progress import all_jobs
from labrelay.contracts.jobs import Failure, Job
from labrelay.contracts.states import Stage
from labrelay.files import digest_file
from labrelay.oracle import judge
from labrelay.report import FailedFile, build_report, told_results, written_files
from tests.chain.system import Chain
from tests.polling import until

Writer = Callable[[Path], Any]


@dataclass
class Drop:
    """The files of one module.

    Attributes:
        digests: their contents as they were written.
        seen: the jobs at a moment that the module remembers.
    """

    chain: Chain
    digests: dict[str, str] = field(default_factory=dict)
    seen: dict[str, Job] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.chain.instrument.folder

    def write(self, name: str, writer: Writer) -> Path:
        """Let `writer` make the file elsewhere, then copy its bytes into the watched folder in one go."""
        made = self.folder.parent / "made" / "file"
        made.parent.mkdir(exist_ok=True)
        writer(made)
        return self.drop(name, made.read_bytes())

    def drop(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self.digests[name] = digest_file(path)[0]
        return path

    def jobs(self) -> list[Job]:
        """All jobs, oldest first."""
        return all_jobs(self.chain.session.repository)

    def job(self, path: str) -> Job | None:
        """The newest job of a file."""
        return next((job for job in reversed(self.jobs()) if job.source.path == path), None)

    def await_stage(self, path: str, *stages: Stage, seconds: float = 60.0) -> Job:
        """Wait until the newest job of a file is at one of these stages."""

        def look() -> Job | None:
            job = self.job(path)
            return job if job is not None and job.stage in stages else None

        found = until(look, f"{path!r} at {', '.join(stages)}", seconds)
        assert found is not None
        return found

    def await_final(self, seconds: float = 60.0) -> None:
        """Wait until every dropped file has jobs and all of them have ended."""
        end = time.monotonic() + seconds
        while still := self.open():
            assert time.monotonic() < end, still
            time.sleep(0.2)

    def open(self) -> dict[str, str]:
        """Files that haven't ended yet, and where they are."""
        jobs = {job.source.path: job for job in self.jobs()}
        absent = {path: "has no job" for path in self.digests if path not in jobs}
        return absent | {path: f"{job.stage} {job.overdue}" for path, job in jobs.items() if not job.final}

    def reported(self) -> dict[str, FailedFile]:
        """What the report of `labrelay run` says of files without results."""
        jobs = self.jobs()
        there = {path: digest for path, digest in self.digests.items() if (self.folder / path).is_file()}
        verdict = judge(there, self.chain.output, told_results(jobs))
        report = build_report(written_files(self.folder, there), jobs, verdict, 1.0)
        assert '"failed"' in report.as_json()
        return {entry.file: entry for entry in report.failed}

    def page(self, job_id: str) -> str:
        """The job's page on the dashboard, as a reader sees its text."""
        port = self.chain.session.settings.ports.dashboard
        answer = requests.get(f"http://127.0.0.1:{port}/jobs/{job_id}", timeout=20)
        assert answer.status_code == 200
        return html.unescape(answer.text)

    def told(self, job: Job) -> Failure:
        """The failure of a job, after a check that API, report and page say the same, in words."""
        failure = job.failure
        assert failure is not None
        assert failure.cause
        assert failure.next_step
        assert failure.code != "internal_error"
        entry = self.reported()[job.source.path]
        assert (entry.code, entry.cause, entry.next_step) == (failure.code, failure.cause, failure.next_step)
        page = self.page(job.id)
        assert all(text in page for text in (failure.code, failure.cause, failure.next_step))
        return failure

    def unharmed(self, *paths: str) -> bool:
        """Whether files lie where they were dropped, with their bytes."""
        return all(digest_file(self.folder / path)[0] == self.digests[path] for path in paths)
