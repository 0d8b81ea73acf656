"""What the first page shows, read in one go."""

from dataclasses import asdict, dataclass
from typing import Any, Final

from dashboard.filters import JobFilter
from dashboard.health import Health, health_of
from dashboard.jobs import JobRow, row_of
from dashboard.pictures import overlay_url
from dashboard.repository import Jobs, Repository
from dashboard.states import State

PICTURES: Final = 12


@dataclass(frozen=True)
class Overview:
    """Health, a page of jobs, and the newest finished ones that have a picture."""

    health: Health
    jobs: Jobs
    pictured: tuple[JobRow, ...]

    @property
    def rows(self) -> tuple[JobRow, ...]:
        """The jobs as rows."""
        return tuple(row_of(job) for job in self.jobs.items)


def read_overview(repository: Repository, wanted: JobFilter) -> Overview:
    """Ask the repository.

    Raises:
        ServiceUnavailable: it doesn't answer.
    """
    finished = repository.jobs(JobFilter(state=State.DONE), limit=3 * PICTURES).items
    pictured = [row_of(job) for job in finished if overlay_url(job)]
    return Overview(health_of(repository.counts()), repository.jobs(wanted), tuple(pictured[:PICTURES]))


def twin_of(overview: Overview) -> dict[str, Any]:
    """The first page as JSON."""
    health = overview.health
    return {
        "health": {"sentence": health.sentence, "counts": health.counts},
        "jobs": [asdict(row) for row in overview.rows],
        "next": overview.jobs.next or None,
    }
