"""Reads what the first page shows."""

from dataclasses import dataclass
from typing import Any, Final

from dashboard.filters import JobFilter
from dashboard.health import Health, health_of
from dashboard.inbox.cards import Card as CauseCard
from dashboard.inbox.cards import cards_of
from dashboard.inbox.reading import read_failures
from dashboard.instruments.reading import OpenAlarm, read_alarms
from dashboard.jobs.rows import JobRow, row_of
from dashboard.now.chart import Chart, chart_of
from dashboard.pictures import overlay_url
from dashboard.plates.cards import Card, card_of, document_of
from dashboard.plates.reading import read_plates
from dashboard.quantities import clock
from dashboard.repository import Repository
from dashboard.states import State
from labrelay.contracts.failures import Failures, Throughput
from labrelay.http import Client

PICTURES: Final = 12
PLATES: Final = 6
CAUSES: Final = 4
MINUTES: Final = 60


@dataclass(frozen=True)
class Now:
    """Everything on the page.

    Attributes:
        causes: the largest groups of what needs somebody.
        chart: None where nothing happened in the last hour.
        clears: when the backlog will be gone, as a clock says it; empty where nobody can tell.
        pictured: the newest finished jobs that have a picture.
    """

    health: Health
    plates: tuple[Card, ...]
    failures: Failures
    causes: tuple[CauseCard, ...]
    throughput: Throughput
    chart: Chart | None
    clears: str
    pictured: tuple[JobRow, ...]
    alarms: tuple[OpenAlarm, ...] = ()


def read_now(client: Client, repository: Repository) -> Now:
    """Ask the repository.

    Raises:
        ServiceUnavailable: it doesn't answer.
    """
    failures = read_failures(client)
    told = client.get("/api/v2/throughput", params={"minutes": MINUTES})
    throughput = Throughput.model_validate(told, extra="ignore")
    finished = repository.jobs(JobFilter(state=State.DONE), limit=3 * PICTURES).items
    return Now(
        health=health_of(repository.counts()),
        plates=tuple(card_of(each) for each in read_plates(client, "", None, PLATES).cards),
        failures=failures,
        causes=tuple(cards_of(failures.items[:CAUSES], {})),
        throughput=throughput,
        chart=chart_of(throughput),
        clears=clock(throughput.clears_ns) if throughput.clears_ns else "",
        pictured=tuple([row_of(job) for job in finished if overlay_url(job)][:PICTURES]),
        alarms=read_alarms(client),
    )


def document(now: Now) -> dict[str, Any]:
    """The page as JSON."""
    return {
        "health": {"sentence": now.health.sentence, "counts": now.health.counts, "needing": now.health.needing},
        "alarms": [each.alarm.model_dump(mode="json") for each in now.alarms],
        "plates": [document_of(card) for card in now.plates],
        "failures": now.failures.model_dump(mode="json"),
        "throughput": now.throughput.model_dump(mode="json"),
        "results": [{"id": row.id, "file": row.name, "result": row.result} for row in now.pictured],
    }
