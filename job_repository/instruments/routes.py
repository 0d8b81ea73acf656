"""`/api/v2/instruments`: pause and resume, what an OEM side tells of its own pause, and who holds which name."""

from typing import Annotated

from fastapi import APIRouter, Header
from pydantic import Field

from job_repository.instruments.installations import Installation
from job_repository.jobs.routes import Repo
from labrelay.contracts.base import Contract
from labrelay.contracts.captures import InstrumentId, PausedThere
from labrelay.contracts.instruments import InstrumentReports, WatchingThere
from labrelay.contracts.pauses import Pause, Pauses, Words
from labrelay.http.access import Calling
from labrelay.http.roles import Role, allow

routes = APIRouter(prefix="/api/v2/instruments", tags=["instruments"])


class PauseRequest(Contract):
    """Pause an instrument or let it go on: who asks, and why."""

    paused: bool
    reason: Words = ""
    by: Annotated[Words, Field(description="who asks; else the header X-Labrelay-Actor, else `local`")] = ""


class DrainRequest(Contract):
    """Finish what has come and take nothing new, or go on: who asks, and why."""

    draining: bool
    reason: Words = ""
    by: Annotated[Words, Field(description="who asks; else the header X-Labrelay-Actor, else `local`")] = ""


@routes.get("")
@allow(Role.VIEWER)
def paused(repo: Repo) -> dict[str, Pauses]:
    """The paused instruments."""
    return repo.pauses.all()


@routes.get("/reports")
@allow(Role.VIEWER)
def reports(repo: Repo) -> InstrumentReports:
    """Every instrument: its folders, last file and rhythm, whether its side is heard, and what is wrong with it."""
    return InstrumentReports(items=repo.reports.all())


@routes.get("/installations")
@allow(Role.VIEWER)
def installations(repo: Repo) -> dict[str, Installation]:
    """Which installation of the instrument's side holds each instrument's name."""
    return repo.installations.all()


@routes.delete("/{instrument}/installation", status_code=204)
@allow(Role.ADMIN)
def release(
    repo: Repo, instrument: InstrumentId, caller: Calling, x_labrelay_actor: Annotated[Words, Header()] = ""
) -> None:
    """Another PC takes the instrument's place: the next one that calls under the name holds it."""
    repo.installations.release(instrument, caller.actor(x_labrelay_actor or "local"))


@routes.get("/{instrument}/pause")
@allow(Role.VIEWER)
def pause_of(repo: Repo, instrument: InstrumentId) -> Pauses:
    """How an instrument is paused."""
    return repo.pauses.of(instrument)


@routes.put("/{instrument}/pause")
@allow(Role.OPERATOR)
def set_pause(
    repo: Repo,
    instrument: InstrumentId,
    asked: PauseRequest,
    caller: Calling,
    x_labrelay_actor: Annotated[Words, Header()] = "",
) -> Pauses:
    """Pause it from the gateway, or lift that pause; a pause that was set at the instrument is lifted there."""
    by = caller.actor(asked.by or x_labrelay_actor or "local")
    return repo.pauses.pause(instrument, by, asked.reason) if asked.paused else repo.pauses.resume(instrument, by)


@routes.get("/drained")
@allow(Role.VIEWER)
def drained(repo: Repo) -> dict[str, Pause]:
    """The instruments from which nothing new is taken."""
    return repo.drains.all()


@routes.put("/{instrument}/drain")
@allow(Role.OPERATOR)
def set_drain(
    repo: Repo,
    instrument: InstrumentId,
    asked: DrainRequest,
    caller: Calling,
    x_labrelay_actor: Annotated[Words, Header()] = "",
) -> Pause | None:
    """Take nothing new from it, or take what comes again; what has come is finished either way."""
    by = caller.actor(asked.by or x_labrelay_actor or "local")
    if asked.draining:
        return repo.drains.drain(instrument, by, asked.reason)
    repo.drains.resume(instrument, by)
    return None


@allow(Role.INSTRUMENT)
def tell_pause(repo: Repo, told: PausedThere, caller: Calling) -> Pauses:
    """The OEM side tells how it is paused on its own machine."""
    caller.check_instrument(told.instrument)
    return repo.pauses.told(told.instrument, told.pause)


@allow(Role.INSTRUMENT)
def tell_watching(repo: Repo, told: WatchingThere, caller: Calling) -> None:
    """The OEM side tells which folders it watches, and what is wrong with them."""
    caller.check_instrument(told.instrument)
    repo.contacts.watches(told)
