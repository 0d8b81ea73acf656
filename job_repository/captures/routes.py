"""`/api/v2/captures`: announced, wanted, stored, in trouble, ended."""

from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Header, Query, Response
from pydantic import Field

from job_repository.captures.store import StoredCapture
from job_repository.jobs.routes import Limit, Repo, Wait
from labrelay.contracts.base import Contract
from labrelay.contracts.captures import (
    Announcement,
    CaptureAccepted,
    Digest,
    EndedCaptures,
    InputTrouble,
    InstrumentId,
    WantedInputs,
)
from labrelay.http.access import Calling
from labrelay.http.roles import Role, allow
from labrelay.installation import InstallationHeader

routes = APIRouter(prefix="/api/v2/captures", tags=["captures"])


class StoredInput(Contract):
    """The bytes that the input store holds now."""

    size: Annotated[int, Field(ge=0)]
    sha256: Digest


class CaptureJobs(Contract):
    """The jobs of a capture."""

    jobs: tuple[str, ...]


@routes.post("")
@allow(Role.INSTRUMENT)
async def announce(
    repo: Repo,
    announcement: Announcement,
    response: Response,
    caller: Calling,
    installation: InstallationHeader = "",
) -> CaptureAccepted:
    """Take a capture on; the same announcement gets the same answer."""
    caller.check_instrument(announcement.instrument)
    async with repo.turns.of(announcement.instrument):
        await repo.installations.admit(announcement.instrument, installation)
        accepted = await run_sync(repo.captures.announce, announcement)
    response.status_code = 201 if accepted.created else 200
    return accepted


@routes.get("")
@allow(Role.VIEWER, Role.INSTRUMENT)
def captures(
    repo: Repo,
    instrument: InstrumentId,
    folder: str,
    path: str,
    sha256: Digest | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    """The captures of a path (of one content), newest first."""
    found = repo.captures.store.of_path(instrument, folder, path, sha256, limit)
    return {"items": [{**_shown(each), "predecessor": each.predecessor} for each in found]}


@routes.get("/ended")
@allow(Role.INSTRUMENT)
async def ended(
    repo: Repo,
    instrument: InstrumentId,
    after: int = 0,
    limit: Limit = 1000,
    wait: Wait = 0,
    paused_ns: Annotated[int | None, Query(description="`since_ns` of the gateway's pause as known; 0: none")] = None,
    epoch: Annotated[int | None, Query(description="whose feed was read last")] = None,
    now_ns: Annotated[int, Query(description="the caller's clock")] = 0,
    x_labrelay_version: Annotated[str, Header(max_length=40)] = "",
    installation: InstallationHeader = "",
) -> EndedCaptures:
    """Captures whose jobs are all final in the record, by number after `after`, and how the instrument is paused.

    A reader of an older epoch's feed is told at once what of it is no longer on record (`kept`).
    """
    await repo.installations.admit(instrument, installation)
    repo.contacts.heard(instrument, x_labrelay_version, now_ns)
    kept = None if epoch is None else await run_sync(repo.epochs.kept, epoch, after)
    page = await repo.polls.ended(instrument, after, limit, 0 if kept is not None else wait, paused_ns)
    if kept is None and epoch not in (None, page.epoch):  # an epoch that began meanwhile
        kept = await run_sync(repo.epochs.kept, epoch, after)
    return page.model_copy(update={"kept": kept, "head": repo.audit.newest})


@routes.get("/wanted")
@allow(Role.SERVICE)
async def wanted(
    repo: Repo,
    response: Response,
    instrument: InstrumentId,
    since: Annotated[int | None, Query()] = None,
    limit: Limit = 500,
    wait: Wait = 0,
    installation: InstallationHeader = "",
) -> WantedInputs:
    """Inputs whose bytes are waited for: at once when there are any, or with `since` when they changed after it."""
    await repo.installations.admit(instrument, installation)
    seq, answer = await repo.polls.wanted(instrument, since, limit, wait)
    response.headers["X-Seq"] = str(seq)
    return answer


@routes.get("/{capture_id}")
@allow(Role.VIEWER, Role.INSTRUMENT)
def capture(repo: Repo, capture_id: str, caller: Calling) -> dict[str, Any]:
    """One capture with its job ids."""
    found = repo.captures.store.get(capture_id)
    caller.check_instrument(found.announcement.instrument)
    return {**_shown(found), "ended": repo.captures.store.ended(capture_id)}


@routes.post("/{capture_id}/stored")
@allow(Role.SERVICE)
def stored(repo: Repo, capture_id: str, told: StoredInput) -> CaptureJobs:
    """The input store holds the bytes."""
    return CaptureJobs(jobs=repo.captures.stored(capture_id, told.size, told.sha256))


@routes.post("/{capture_id}/trouble")
@allow(Role.SERVICE)
def trouble(repo: Repo, capture_id: str, told: InputTrouble) -> CaptureJobs:
    """The OEM side can't send the bytes."""
    return CaptureJobs(jobs=repo.captures.trouble(capture_id, told))


def _shown(found: StoredCapture) -> dict[str, Any]:
    return {
        **found.announcement.model_dump(mode="json"),
        "capture_id": found.id,
        "generation": found.generation,
        "superseded_by": found.superseded_by,
        "created_ns": found.created_ns,
        "jobs": [plan.id for plan in found.jobs],
    }
