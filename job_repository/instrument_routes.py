"""`/api/v2/instruments`: pause and resume; and what an OEM side tells of its own pause."""

from typing import Annotated

from fastapi import APIRouter, Header
from pydantic import Field

from job_repository.job_routes import Repo
from labrelay.contracts.base import Contract
from labrelay.contracts.captures import InstrumentId, PausedThere
from labrelay.contracts.pauses import Pauses, Words

routes = APIRouter(prefix="/api/v2/instruments", tags=["instruments"])


class PauseRequest(Contract):
    """Pause an instrument or let it go on: who asks, and why."""

    paused: bool
    reason: Words = ""
    by: Annotated[Words, Field(description="who asks; else the header X-Labrelay-Actor, else `local`")] = ""


@routes.get("")
def paused(repo: Repo) -> dict[str, Pauses]:
    """The paused instruments."""
    return repo.pauses.all()


@routes.get("/{instrument}/pause")
def pause_of(repo: Repo, instrument: InstrumentId) -> Pauses:
    """How an instrument is paused."""
    return repo.pauses.of(instrument)


@routes.put("/{instrument}/pause")
def set_pause(
    repo: Repo, instrument: InstrumentId, asked: PauseRequest, x_labrelay_actor: Annotated[Words, Header()] = ""
) -> Pauses:
    """Pause it from the gateway, or lift that pause; a pause that was set at the instrument is lifted there."""
    by = asked.by or x_labrelay_actor or "local"
    return repo.pauses.pause(instrument, by, asked.reason) if asked.paused else repo.pauses.resume(instrument, by)


def tell_pause(repo: Repo, told: PausedThere) -> Pauses:
    """The OEM side tells how it is paused on its own machine."""
    return repo.pauses.told(told.instrument, told.pause)
