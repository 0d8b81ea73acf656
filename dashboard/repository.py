"""What the dashboard reads from the job repository, and the few things that it asks of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from dashboard.filters import JobFilter
from dashboard.instruments import Instrument, instruments_of
from labrelay.access.callers import LOCAL, Caller
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from labrelay.http import Client
from labrelay.http.access import on_behalf

PAGE: Final = 100
READ_S: Final = 5.0
ACTOR: Final = "dashboard"


@dataclass(frozen=True)
class Jobs:
    """A page of jobs, newest first; `next` is the cursor of the older page, empty when there is none."""

    items: tuple[Job, ...]
    next: str


@dataclass(frozen=True)
class Counts:
    """How many there are of what.

    Attributes:
        stages: images by stage.
        overdue: how many wait too long.
        disks: what is told of disks that get full; `labrelay.contracts.disks` draws it.
        tables: plates' tables by stage.
        needing: jobs that somebody must see to: failed, unmatched and overdue ones.
        clears_ns: when the backlog will be gone, wall clock; None where nobody can tell.
    """

    stages: dict[Stage, int]
    overdue: int = 0
    instruments: tuple[Instrument, ...] = ()
    disks: tuple[Mapping[str, str | float], ...] = ()
    tables: Mapping[Stage, int] = field(default_factory=dict)
    needing: int = 0
    clears_ns: int | None = None


class Repository:
    """The job repository over HTTP. All methods raise `ServiceUnavailable` when it doesn't answer."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def jobs(self, wanted: JobFilter, limit: int = PAGE) -> Jobs:
        """The newest jobs that a filter takes; a state of several stages is asked for stage by stage."""
        if len(wanted.stages) <= 1:
            return self._page(wanted, next(iter(wanted.stages), None), limit)
        pages = [self._page(wanted, stage, limit) for stage in wanted.stages]
        merged = sorted((job for page in pages for job in page.items), key=lambda job: job.created_ns, reverse=True)
        return Jobs(tuple(merged[:limit]), "")

    def _page(self, wanted: JobFilter, stage: Stage | None, limit: int) -> Jobs:
        parameters = {"limit": limit, "stage": stage, "path": wanted.path or None, "after": wanted.after or None}
        answer = self._client.get("/api/v2/jobs", params=parameters)
        return Jobs(tuple(_job(item) for item in answer["items"]), str(answer.get("next") or ""))

    def job(self, job_id: str) -> Job:
        """One job.

        Raises:
            NotFound: there is no such job.
        """
        return _job(self._client.get(_path(job_id)))

    def timeline(self, job_id: str) -> list[dict[str, Any]]:
        """What happened to a job: `{seq, at_ns, step, stage, actor, attempt, detail}` each."""
        return list(self._client.get(f"{_path(job_id)}/timeline")["events"])

    def set_words(self, job: Job) -> str:
        """Where the set of a job stands; empty for a job of its own."""
        if job.task is None or job.task.group is None:
            return ""
        return str(self._client.get(f"{_path(job.id)}/set")["words"])

    def counts(self) -> Counts:
        """How many jobs stand in each stage."""
        summary = self._client.get("/api/v2/summary")
        stages, tables = _stages(summary["stages"]), _stages(summary.get("tables", {}).get("stages", {}))
        disks = tuple(disk["told"] for disk in summary.get("disks", ()) if disk["told"])
        return Counts(
            stages,
            int(summary.get("overdue") or 0),
            instruments_of(summary),
            disks,
            tables,
            needing=sum(int(count) for count in summary.get("open", {}).values()),
            clears_ns=self._clears_ns() if any(each.live for each in instruments_of(summary)) else None,
        )

    def _clears_ns(self) -> int | None:
        clears_ns = self._client.get("/api/v2/throughput", params={"minutes": 1})["clears_ns"]
        return None if clears_ns is None else int(clears_ns)

    def paused(self) -> dict[str, Any]:
        """The paused instruments, by name."""
        return dict(self._client.get("/api/v2/instruments"))

    def alarmed(self) -> frozenset[tuple[int, str]]:
        """The numbers and states of the alarms that are open."""
        items = self._client.get("/api/v2/alarms", params={"open": "true"})["items"]
        return frozenset((int(each["number"]), str(each["state"])) for each in items)

    def pause(self, instrument: str, *, paused: bool, reason: str = "", who: Caller = LOCAL) -> None:
        """Pause an instrument from the gateway, or lift that pause.

        Raises:
            RequestRefused: no instrument can have this name.
        """
        body = {"paused": paused, "reason": reason, "by": who.actor(ACTOR)}
        self._client.put(f"/api/v2/instruments/{quote(instrument, safe='')}/pause", body, headers=on_behalf(who))

    def retry(self, job_id: str, who: Caller = LOCAL) -> None:
        """Ask for another try of a failed or cancelled job.

        Raises:
            Conflict: the job has moved on.
        """
        self._client.post(f"{_path(job_id)}/retry", {"actor": who.actor(ACTOR)}, headers=on_behalf(who))


def _stages(counts: Mapping[str, Any]) -> dict[Stage, int]:
    return {Stage(stage): int(count) for stage, count in counts.items() if stage in set(Stage)}


def _path(job_id: str) -> str:
    return f"/api/v2/jobs/{quote(job_id, safe='')}"


def _job(document: dict[str, Any]) -> Job:
    # A repository of a later version may say more than this page knows.
    return Job.model_validate(document, extra="ignore")
