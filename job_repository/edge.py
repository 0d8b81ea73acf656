"""`/edge/v2/captures`: what OEM sides may ask of the repository."""

from fastapi import APIRouter, Response

from job_repository.job_routes import Limit, Repo, Wait
from labrelay.contracts.captures import Announcement, CaptureAccepted, EndedCaptures, InstrumentId

routes = APIRouter(prefix="/edge/v2/captures", tags=["edge"])


@routes.post("")
def announce(repo: Repo, announcement: Announcement, response: Response) -> CaptureAccepted:
    """Take a capture on; the same announcement gets the same answer."""
    accepted = repo.captures.announce(announcement)
    response.status_code = 201 if accepted.created else 200
    return accepted


@routes.get("/ended")
async def ended(
    repo: Repo, instrument: InstrumentId, after: int = 0, limit: Limit = 1000, wait: Wait = 0
) -> EndedCaptures:
    """Captures whose end the record holds."""
    return await repo.polls.ended(instrument, after, limit, wait)
