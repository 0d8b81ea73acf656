"""The list of jobs for programs: this page as JSON, all that the filter takes as CSV and XLSX."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from dashboard.jobs.address import JobsAddress
from dashboard.jobs.reading import JobList
from dashboard.jobs.rows import quality_flags
from dashboard.tables import Cell, Row, Sheet, about
from labrelay.contracts.attributes import wire_texts
from labrelay.contracts.jobs import Job
from labrelay.words import _

MOST: Final = 100_000
"""Jobs of one file; what is cut says so at its end."""
COLUMNS: Final = (
    "job", "path", "instrument", "folder", "plate", "well", "field", "stage", "result", "count", "flags", "code",
    "cause", "task", "task_version", "pipeline", "attempt", "worker", "announced", "changed", "took_s", "size",
    "sha256", "page",
)  # fmt: skip


def document_of(found: JobList, address: JobsAddress) -> dict[str, Any]:
    """One page as JSON; `next` is the address of the next one's twin, `exact` whether all jobs were counted."""
    return {
        "where": address.wanted.text,
        "total": found.facets.total,
        "exact": found.facets.exact,
        "facets": found.facets.model_dump(mode="json", exclude={"total", "exact"}),
        "jobs": [asdict(row) for row in found.rows],
        "searched": found.searched,
        "next": address.older(found.next).twin("json") if found.next else None,
    }


class Export:
    """Jobs as rows of a file, and how many there were.

    Args:
        jobs: all of them, read as they are wanted.
        site: the dashboard's address, for links to jobs.
        most: where it is cut.
    """

    def __init__(self, jobs: Iterable[Job], site: str, most: int = MOST) -> None:
        self._jobs = iter(jobs)
        self._site = site
        self._most = most
        self.count = 0
        self.cut = False

    def rows(self) -> Iterator[Row]:
        """A row for each job."""
        for job in itertools.islice(self._jobs, self._most):
            self.count += 1
            yield cells_of(job, self._site)
        self.cut = next(self._jobs, None) is not None

    def csv(self) -> Iterator[Row]:
        """The names of the columns, the jobs, and a last line where there are more."""
        yield COLUMNS
        yield from self.rows()
        if self.cut:
            yield (self._words(),)

    def sheets(self, address: str) -> Iterator[Sheet]:
        """The jobs, and where they come from."""
        yield Sheet(_("Jobs"), COLUMNS, self.rows())
        yield about(address, self._facts)

    def _facts(self) -> Iterable[tuple[str, Cell]]:
        yield _("Jobs"), self.count
        yield _("Whole list"), self._words() if self.cut else _("yes")

    def _words(self) -> str:
        told = _("Cut after {count} jobs, there are more: narrow the filter, for instance by plate or time.")
        return told.format(count=f"{self.count:,}")


def cells_of(job: Job, site: str) -> Sequence[Cell]:
    """A job's row, in the order of `COLUMNS`; times in UTC, `took_s` of a final job."""
    source, task, told = job.source, job.task, wire_texts(job.source.attributes)
    counted = job.report.measurements if job.report else {}
    took_s = round((job.updated_ns - job.created_ns) / 1e9, 3) if job.final else None
    where = (job.id, source.path, source.instrument, source.folder, *(told.get(n, "") for n in ("plate", "well")))
    what = (told.get("field", ""), job.stage.value, job.report.results if job.report else "", counted.get("count"))
    why = (job.failure.code, job.failure.cause) if job.failure else ("", job.overdue)
    ran = (task.description, task.version, task.pipeline) if task else ("", None, "")
    when = (_utc(job.created_ns), _utc(job.updated_ns), took_s)
    rest = (source.size, source.sha256, f"{site}/jobs/{job.id}")
    return (*where, *what, ", ".join(quality_flags(job)), *why, *ran, job.attempt, job.worker, *when, *rest)


def _utc(at_ns: int) -> datetime:
    return datetime.fromtimestamp(at_ns / 1e9, UTC)
