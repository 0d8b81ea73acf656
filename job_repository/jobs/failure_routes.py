"""`/api/v2/failures` and `/api/v2/throughput`: what needs somebody, and how fast work goes."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query

from job_repository.jobs.routes import Repo
from labrelay.contracts.base import Contract
from labrelay.contracts.failures import Failures, Throughput, Waiver, WaiverRequest
from labrelay.contracts.pauses import Words
from labrelay.http.access import Calling
from labrelay.http.roles import Role, allow

routes = APIRouter(prefix="/api/v2", tags=["failures"])


class Reopened(Contract):
    """How many jobs need somebody again."""

    jobs: int


@routes.get("/failures")
@allow(Role.VIEWER)
def failures(repo: Repo) -> Failures:
    """What needs somebody now, by cause: failed jobs, files that no task takes, and jobs that wait too long."""
    return repo.queries.failures()


@routes.post("/failures/waive", status_code=201)
@allow(Role.OPERATOR)
def waive(
    repo: Repo, asked: WaiverRequest, caller: Calling, x_labrelay_actor: Annotated[Words, Header()] = ""
) -> Waiver:
    """Let jobs be that need somebody, with a reason; 409 if they aren't `expected_count`. What moves again is open."""
    repo.queries.catch_up()
    return repo.waivers.waive(asked, caller.actor(asked.actor or x_labrelay_actor or "local"))


@routes.delete("/failures/waivers/{number}")
@allow(Role.OPERATOR)
def withdraw(
    repo: Repo,
    number: Annotated[int, Path(ge=1, lt=1 << 63)],
    caller: Calling,
    x_labrelay_actor: Annotated[Words, Header()] = "",
) -> Reopened:
    """Take a waiver back: those of its jobs that haven't moved since need somebody again."""
    repo.queries.catch_up()
    return Reopened(jobs=repo.waivers.withdraw(number, caller.actor(x_labrelay_actor or "local")))


@routes.get("/throughput")
@allow(Role.VIEWER)
def throughput(repo: Repo, minutes: Annotated[int, Query(ge=1, le=1440)] = 60) -> Throughput:
    """Jobs that came and ended in each of the last minutes, what is left, and when that will be done."""
    return repo.queries.throughput(minutes)
