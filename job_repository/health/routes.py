"""`/api/v2/health`: what the doctor asks of the repository."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from job_repository.health.findings import Attempts, Flow, Group, LiveStoreFacts
from job_repository.instruments.contacts import Contact
from job_repository.jobs.routes import Repo
from labrelay import __version__
from labrelay.contracts.base import CaptureId, Contract, Digest
from labrelay.contracts.captures import InstrumentId
from labrelay.http.roles import Role, allow

routes = APIRouter(prefix="/api/v2/health", tags=["health"])


class RepositoryHealth(Contract):
    """How the repository fares.

    Attributes:
        epoch_ns: when the epoch began, nanoseconds since 1970; 0 when nobody knows.
        lag: events that the record doesn't hold yet.
        trouble: of the repository's own loops, by their names.
        heard_for_s: seconds since this process began to listen to instruments.
        damages: how often since its start the live store was restored because something in it had changed by itself.
        backup: `folder`, `every_s`, `last` and its `age_s`.
    """

    version: str
    epoch: int
    epoch_ns: int
    lag: int
    live_store: LiveStoreFacts
    trouble: dict[str, str]
    overdue: list[Group]
    unattended: list[Group]
    disagreements: list[Group]
    flow: Flow
    pipelines: dict[str, Attempts]
    contacts: dict[str, Contact]
    heard_for_s: float
    damages: int
    backup: dict[str, Any]


class OnDisk(Contract):
    """What lies on the gateway's disk: jobs by their folders, contents of one instrument by their digests."""

    jobs: Annotated[list[CaptureId], Field(max_length=1000)] = []
    instrument: InstrumentId = "oem"
    contents: Annotated[list[Digest], Field(max_length=1000)] = []


class Unknown(Contract):
    """Those that the record doesn't know."""

    jobs: list[str]
    contents: list[str]


@routes.get("")
@allow(Role.VIEWER)
def health(repo: Repo) -> RepositoryHealth:
    """The stores, what waits too long, who was heard, and the backups."""
    found, newest = repo.health, repo.epochs.newest()
    lag = repo.restorer.guarded(found.lag)
    repo.queries.catch_up()
    return RepositoryHealth(
        version=__version__,
        epoch=repo.live.epoch,
        epoch_ns=newest[1] if newest else 0,
        lag=lag,
        live_store=found.live_store(),
        trouble=repo.troubles(),
        overdue=found.overdue(),
        unattended=found.unattended(),
        disagreements=found.disagreements(),
        flow=found.flow(),
        pipelines=found.pipelines(),
        contacts=repo.contacts.all(),
        heard_for_s=repo.contacts.heard_for_s(),
        damages=repo.restorer.damages,
        backup=repo.backups.told(),
    )


@routes.post("/unknown")
@allow(Role.OPERATOR)
def unknown(repo: Repo, lying: OnDisk) -> Unknown:
    """Which of these no job and no capture names."""
    return Unknown(
        jobs=repo.health.unknown_jobs(lying.jobs),
        contents=repo.health.unknown_contents(lying.instrument, lying.contents),
    )
