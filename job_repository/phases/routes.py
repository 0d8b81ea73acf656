"""`/api/v2/jobs/{id}/phases`: how long each part of a job's way took, and what it waited for."""

from fastapi import APIRouter

from job_repository.jobs.routes import Repo, own_job
from labrelay.contracts.phases import JobPhases
from labrelay.http.access import Calling
from labrelay.http.roles import Role, allow

routes = APIRouter(prefix="/api/v2", tags=["jobs"])


@routes.get("/jobs/{job_id}/phases")
@allow(Role.VIEWER, Role.INSTRUMENT)
def phases(repo: Repo, job_id: str, caller: Calling) -> JobPhases:
    """From the file's detection to the receipt: each phase, who went first, pauses, and what is usual."""
    return repo.phases.of(own_job(repo, job_id, caller))
