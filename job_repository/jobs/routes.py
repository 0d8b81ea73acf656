"""`/api/v2` for jobs: reads, steps, leases, a person's actions, counts."""

from typing import Annotated, Any, Final
from uuid import UUID

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import Field

from job_repository.jobs.conflicts import StaleAttempt
from job_repository.repository import Person, Repository, repository
from labrelay.access.callers import Caller
from labrelay.contracts.base import Contract
from labrelay.contracts.facets import Facets
from labrelay.contracts.filters import JobFilter
from labrelay.contracts.jobs import CaptureSet, Job, OwnedJobs, OwnerNews
from labrelay.contracts.states import Owner
from labrelay.contracts.tiles import MOST_TILES, TilePage
from labrelay.contracts.transitions import StepRequest
from labrelay.http.access import Calling
from labrelay.http.roles import Role, allow
from labrelay.installation import InstallationHeader

routes = APIRouter(prefix="/api/v2", tags=["jobs"])
Repo = Annotated[Repository, Depends(repository)]
Wait = Annotated[float, Query(ge=0, le=60, description="longest wait, seconds")]
Limit = Annotated[int, Query(ge=1, le=5000)]
_ID: Final = "[0-9a-f-]{36}"


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


class JobsAsked(JobFilter):
    """A choice of jobs (see `JobFilter`), and how much is told of them."""

    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    after: Annotated[str | None, Field(description="`next` of the page before")] = None
    facets: Annotated[bool, Field(description="count all jobs that the filter takes, too")] = False


class JobPage(Contract):
    """One page of jobs; `next` goes into the next call's `after`.

    Attributes:
        searched: set where a text was looked for in only so many jobs, newest first: `next` goes on behind them.
    """

    items: tuple[Job, ...]
    next: str | None
    searched: int | None = None
    facets: Facets | None = None


class TilesAsked(Contract):
    """Which tiles: ids of jobs with commas between them."""

    ids: Annotated[
        str, Field(pattern=rf"^{_ID}(,{_ID}){{0,{MOST_TILES - 1}}}$", examples=[f"{UUID(int=1)},{UUID(int=2)}"])
    ]


class Epoch(Contract):
    """The live store's epoch and running number."""

    epoch: int
    seq: int


async def person(
    caller: Calling, action: Action | None = None, x_labrelay_actor: Annotated[str, Header()] = ""
) -> Person:
    """Who acts: who showed a token, else from the body, else from the header."""
    given = action or Action()
    return Person(caller.actor(given.actor or x_labrelay_actor or "local"), given.reason)


Actor = Annotated[Person, Depends(person)]


def own_job(repo: Repository, job_id: str, caller: Caller) -> Job:
    """A job, if the caller may see it.

    Raises:
        NotFound: there is none.
        AccessDenied: it is another instrument's.
    """
    job = repo.jobs.get(job_id)
    caller.check_instrument(job.source.instrument)
    return job


@routes.get("/owned", response_model=OwnedJobs)
@allow(Role.SERVICE)
async def owned(
    repo: Repo,
    owner: Owner,
    instrument: str | None = None,
    pipeline: str | None = None,
    since: int = 0,
    limit: Limit = 500,
    wait: Wait = 0,
    installation: InstallationHeader = "",
) -> Response:
    """What an owner owns: at once when it changed after `since`, else after `wait` seconds."""
    if instrument is not None:
        await repo.installations.admit(instrument, installation)
    answer = await repo.polls.owned(owner, instrument, pipeline, since, limit, wait)
    return Response(answer.model_dump_json(), media_type="application/json")  # validated already, and often long


@routes.get("/owned/news")
@allow(Role.SERVICE)
async def owner_news(repo: Repo, owner: Owner, since: int = 0, wait: Wait = 0) -> OwnerNews:
    """For which instruments the owner's list changed after an earlier answer: one question for all of them."""
    return await repo.polls.news(owner, since, wait)


@routes.head("/jobs", include_in_schema=False)
@routes.get("/jobs", response_model=JobPage)
@allow(Role.VIEWER, Role.INSTRUMENT)
def jobs(repo: Repo, asked: Annotated[JobsAsked, Query()], caller: Calling) -> Response:
    """Jobs, newest first, with a time those first that changed last.

    A parameter that comes twice means either value, different ones must all fit.
    """
    if caller.role is Role.INSTRUMENT:
        asked = asked.model_copy(update={"instrument": (caller.subject,)})
    items, page = repo.queries.jobs(asked, asked.limit, asked.after)
    counted = repo.queries.facets(asked) if asked.facets else None
    found = JobPage(items=tuple(items), next=page.next, searched=page.searched, facets=counted)
    return Response(found.model_dump_json(), media_type="application/json")  # validated already, and often long


@routes.get("/jobs/tiles", response_model=TilePage)
@allow(Role.VIEWER)
def tiles(repo: Repo, asked: Annotated[TilesAsked, Query()]) -> Response:
    """What a row shows of each of these jobs, in one answer; ids that nobody knows are left out."""
    page = TilePage(items=tuple(repo.queries.tiles(asked.ids.split(","))))
    return Response(page.model_dump_json(), media_type="application/json")


@routes.head("/jobs/{job_id}", include_in_schema=False)
@routes.get("/jobs/{job_id}")
@allow(Role.VIEWER, Role.INSTRUMENT)
async def job(repo: Repo, response: Response, job_id: str, caller: Calling, wait: Wait = 0) -> Job:
    """One job; with `wait`, at the latest after so many seconds or as soon as it is final."""
    if caller.role is Role.INSTRUMENT:
        await run_sync(own_job, repo, job_id, caller)
    found = await repo.polls.job(job_id, wait)
    response.headers["ETag"] = f'"{found.revision}"'
    return found


@routes.get("/jobs/{job_id}/set")
@allow(Role.VIEWER, Role.INSTRUMENT)
def capture_set(repo: Repo, job_id: str, caller: Calling) -> CaptureSet:
    """Where the job's set stands: what has come, what is missing, and for how long it is waited for."""
    return repo.sets.state(own_job(repo, job_id, caller))


@routes.get("/jobs/{job_id}/timeline")
@allow(Role.VIEWER, Role.INSTRUMENT)
def timeline(repo: Repo, job_id: str, caller: Calling) -> dict[str, Any]:
    """The job's steps, oldest first."""
    own_job(repo, job_id, caller)
    return {"events": repo.queries.timeline(job_id)}


@routes.post("/jobs/{job_id}/transitions")
@allow(Role.SERVICE)
def transition(repo: Repo, job_id: str, asked: StepRequest) -> Job:
    """Take a step: the only way to change a job."""
    return repo.jobs.step(job_id, asked.step)


@routes.post("/jobs/{job_id}/lease")
@allow(Role.SERVICE)
def lease(repo: Repo, job_id: str, renewal: LeaseRenewal) -> Lease:
    """A worker is alive: it keeps the job for another lease."""
    found = repo.jobs.get(job_id)
    if (found.epoch, found.attempt) != (renewal.epoch, renewal.attempt):
        raise StaleAttempt(f"Attempt {found.epoch}.{found.attempt} holds the job.")
    return Lease(lease_s=repo.clocks.renew(found, renewal.lease_s))


@routes.post("/jobs/{job_id}/retry")
@allow(Role.OPERATOR)
def retry(repo: Repo, job_id: str, who: Actor) -> Job:
    """Let a failed or cancelled job go on, as it was matched then."""
    return repo.retry(job_id, who)


@routes.post("/jobs/{job_id}/cancel")
@allow(Role.OPERATOR)
def cancel(repo: Repo, job_id: str, who: Actor) -> Job:
    """End a live job."""
    return repo.cancel(job_id, who)


@routes.post("/jobs/{job_id}/reprocess")
@allow(Role.OPERATOR)
def reprocess(repo: Repo, job_id: str, who: Actor) -> Job:
    """Begin a final job again with today's task."""
    return repo.reprocess(job_id, who)


@routes.get("/summary")
@allow(Role.VIEWER)
def summary(repo: Repo) -> dict[str, Any]:
    """Counts by stage, failure code and instrument, and how full the gateway's disks are.

    Of each instrument `silent_since_ns` tells since when it is silent (wall clock of the gateway, ns since 1970): while
    the alarm `instrument_silent` is open for it, or its side isn't heard; null otherwise and while it is held.
    """
    return {**repo.queries.summary(), "disks": repo.rooms.shown}


@routes.get("/epoch")
@allow(Role.VIEWER)
def epoch(repo: Repo) -> Epoch:
    """The live store's epoch and running number."""
    seq = repo.restorer.guarded(repo.live.check)
    return Epoch(epoch=repo.live.epoch, seq=seq)
