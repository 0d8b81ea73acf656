"""Reads what the page of one job shows, and asks for acts on it."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from dashboard.jobs.sidecar import read_sidecar
from labrelay.access.callers import Caller
from labrelay.contracts.audit import AuditEntry, AuditPage
from labrelay.contracts.filters import JobFilter
from labrelay.contracts.jobs import Job
from labrelay.contracts.phases import JobPhases
from labrelay.contracts.tiles import Tile
from labrelay.contracts.verdicts import Review
from labrelay.http import Client
from labrelay.http.access import on_behalf

ROWS: Final = 50


@dataclass(frozen=True)
class Told:
    """All that is known of a job.

    Attributes:
        events: its steps, `{seq, at_ns, step, stage, actor, attempt, detail}` each, oldest first.
        set_words: where its set stands, empty without one.
        tile: as rows and wells show it; tells the plate.
        siblings: ids of the other jobs of the same file.
        acts: rows of the audit about it, newest first; None where the reader may not see them.
    """

    job: Job
    events: list[dict[str, Any]]
    phases: JobPhases
    set_words: str
    tile: Tile
    siblings: tuple[str, ...]
    review: Review
    sidecar: dict[str, Any]
    acts: tuple[AuditEntry, ...] | None


def read_job(client: Client, sender: Client, job_id: str, who: Caller) -> Told:
    """Ask the repository, and the file sender for the pipeline's sidecar.

    Raises:
        NotFound: there is no such job.
    """
    place = _place(job_id)
    job = Job.model_validate(client.get(place), extra="ignore")
    siblings = client.get("/api/v2/jobs", params=[*JobFilter(capture_id=(job.source.capture_id,)).pairs])["items"]
    return Told(
        job=job,
        events=list(client.get(f"{place}/timeline")["events"]),
        phases=JobPhases.model_validate(client.get(f"{place}/phases"), extra="ignore"),
        set_words=str(client.get(f"{place}/set")["words"]) if job.task and job.task.group else "",
        tile=Tile.model_validate(client.get("/api/v2/jobs/tiles", params={"ids": job.id})["items"][0], extra="ignore"),
        siblings=tuple(str(each["id"]) for each in siblings if each["id"] != job.id),
        review=Review.model_validate(client.get(f"{place}/verdict"), extra="ignore"),
        sidecar=read_sidecar(sender, job),
        acts=_acts(client, job_id) if who.may_act else None,
    )


def act(client: Client, job_id: str, action: str, reason: str, who: Caller) -> None:
    """Retry, reprocess or cancel it.

    Raises:
        Conflict: the job has moved on.
    """
    body = {"actor": who.actor("dashboard"), "reason": reason}
    client.post(f"{_place(job_id)}/{action}", body, headers=on_behalf(who))


def judge(client: Client, job_id: str, verdict: str, reason: str, who: Caller) -> None:
    """Say what a person thinks of the result."""
    body = {"verdict": verdict, "reason": reason, "by": who.actor("dashboard")}
    client.put(f"{_place(job_id)}/verdict", body, headers=on_behalf(who))


def _acts(client: Client, job_id: str) -> tuple[AuditEntry, ...]:
    asked = {"subject": job_id, "limit": ROWS}
    return tuple(AuditPage.model_validate(client.get("/api/v2/audit", params=asked), extra="ignore").items)


def _place(job_id: str) -> str:
    return f"/api/v2/jobs/{quote(job_id, safe='')}"
