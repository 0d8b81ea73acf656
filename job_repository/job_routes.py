"""`/api/v2` for jobs: reads, steps, leases, a person's actions, counts."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import Field

from job_repository.conflicts import StaleAttempt
from job_repository.queries import JobFilter
from job_repository.repository import Person, Repository, repository
from labrelay.contracts.base import Contract
from labrelay.contracts.jobs import CaptureSet, Job, OwnedJobs
from labrelay.contracts.states import Owner, Stage, Status
from labrelay.contracts.transitions import StepRequest

routes = APIRouter(prefix="/api/v2", tags=["jobs"])
Repo = Annotated[Repository, Depends(repository)]
Wait = Annotated[float, Query(ge=0, le=60, description="longest wait, seconds")]
Limit = Annotated[int, Query(ge=1, le=5000)]


class LeaseRenewal(Contract):
    """A worker that holds an attempt asks for more time."""

    epoch: int
    attempt: int
    lease_s: Annotated[float, Field(gt=0)]


class Lease(Contract):
    """The seconds that a worker has now."""

    lease_s: float


class Action(Contract):
    """Who acts on a job, and why."""

    actor: str = ""
    reason: str = ""


class JobPage(Contract):
    """One page of jobs; `next` goes into the next call's `after`."""

    items: tuple[Job, ...]
    next: str | None


class Epoch(Contract):
    """The live store's epoch and running number."""

    epoch: int
    seq: int


async def person(action: Action | None = None, x_labrelay_actor: Annotated[str, Header()] = "") -> Person:
    """Who acts: from the body, else from the header."""
    given = action or Action()
    return Person(given.actor or x_labrelay_actor or "local", given.reason)


Actor = Annotated[Person, Depends(person)]


@routes.get("/owned", response_model=OwnedJobs)
async def owned(
    repo: Repo,
    owner: Owner,
    instrument: str | None = None,
    pipeline: str | None = None,
    since: int = 0,
    limit: Limit = 500,
    wait: Wait = 0,
) -> Response:
    """What an owner owns: at once when it changed after `since`, else after `wait` seconds."""
    answer = await repo.polls.owned(owner, instrument, pipeline, since, limit, wait)
    return Response(answer.model_dump_json(), media_type="application/json")  # validated already, and often long


@routes.get("/jobs")
def jobs(
    repo: Repo,
    stage: Stage | None = None,
    status: Status | None = None,
    instrument: str | None = None,
    pipeline: str | None = None,
    path: Annotated[str | None, Query(description="a part of the path")] = None,
    capture_id: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    after: str | None = None,
) -> JobPage:
    """Jobs, newest first."""
    wanted = JobFilter(stage, status, instrument, pipeline, path, capture_id)
    items, following = repo.queries.jobs(wanted, limit, after)
    return JobPage(items=tuple(items), next=following)


@routes.get("/jobs/{job_id}")
async def job(repo: Repo, response: Response, job_id: str, wait: Wait = 0) -> Job:
    """One job; with `wait`, at the latest after so many seconds or as soon as it is final."""
    found = await repo.polls.job(job_id, wait)
    response.headers["ETag"] = f'"{found.revision}"'
    return found


@routes.get("/jobs/{job_id}/set")
def capture_set(repo: Repo, job_id: str) -> CaptureSet:
    """Where the job's set stands: what has come, what is missing, and for how long it is waited for."""
    return repo.sets.state(repo.jobs.get(job_id))


@routes.get("/jobs/{job_id}/timeline")
def timeline(repo: Repo, job_id: str) -> dict[str, Any]:
    """The job's steps, oldest first."""
    repo.jobs.get(job_id)
    return {"events": repo.queries.timeline(job_id)}


@routes.post("/jobs/{job_id}/transitions")
def transition(repo: Repo, job_id: str, asked: StepRequest) -> Job:
    """Take a step: the only way to change a job."""
    return repo.jobs.step(job_id, asked.step)


@routes.post("/jobs/{job_id}/lease")
def lease(repo: Repo, job_id: str, renewal: LeaseRenewal) -> Lease:
    """A worker is alive: it keeps the job for another lease."""
    found = repo.jobs.get(job_id)
    if (found.epoch, found.attempt) != (renewal.epoch, renewal.attempt):
        raise StaleAttempt(f"Attempt {found.epoch}.{found.attempt} holds the job.")
    return Lease(lease_s=repo.clocks.renew(found, renewal.lease_s))


@routes.post("/jobs/{job_id}/retry")
def retry(repo: Repo, job_id: str, who: Actor) -> Job:
    """Let a failed or cancelled job go on, as it was matched then."""
    return repo.retry(job_id, who)


@routes.post("/jobs/{job_id}/cancel")
def cancel(repo: Repo, job_id: str, who: Actor) -> Job:
    """End a live job."""
    return repo.cancel(job_id, who)


@routes.post("/jobs/{job_id}/reprocess")
def reprocess(repo: Repo, job_id: str, who: Actor) -> Job:
    """Begin a final job again with today's task."""
    return repo.reprocess(job_id, who)


@routes.get("/summary")
def summary(repo: Repo) -> dict[str, Any]:
    """Counts by stage, failure code and instrument."""
    return repo.queries.summary()


@routes.get("/epoch")
def epoch(repo: Repo) -> Epoch:
    """The live store's epoch and running number."""
    seq = repo.restorer.guarded(repo.live.check)
    return Epoch(epoch=repo.live.epoch, seq=seq)


@routes.get("/audit/verify")
def verify(repo: Repo) -> dict[str, Any]:
    """Walk the audit chain."""
    verdict = repo.audit.verify()
    return {"rows": verdict.rows, "intact": verdict.intact, "first_bad": verdict.first_bad}
