"""`/api/v2/retention`: what may go, what was let go, and what instruments are asked. For labrelay's own services."""

from typing import Annotated

from fastapi import APIRouter, Query

from job_repository.jobs.routes import Repo
from labrelay.contracts.captures import InstrumentId
from labrelay.contracts.retention import AskedPage, Ended, Kind, Questions, Released, Verdict, Verdicts, Voucher
from labrelay.errors import Unprocessable
from labrelay.http.roles import Role, allow

routes = APIRouter(prefix="/api/v2/retention", tags=["retention"])


@routes.post("/{kind}/judge")
@allow(Role.SERVICE)
def judge(repo: Repo, kind: Kind, asked: AskedPage) -> Verdicts:
    """What may go now, and why the rest stays. Lets nothing go."""
    if not all(kind.takes(each.key) for each in asked.items):
        raise Unprocessable(f"A key doesn't name something of the kind {kind}.")
    return Verdicts(items=repo.retention.judge(kind, asked.items))


@routes.post("/released")
@allow(Role.SERVICE)
def released(repo: Repo, told: Released) -> Verdict:
    """An owner may delete this from now on, unless the verdict says why not. In the audit."""
    return repo.retention.let_go(told)


@routes.post("/ended", status_code=204)
@allow(Role.SERVICE)
def ended(repo: Repo, told: Ended) -> None:
    """It is deleted, or stays after all: then jobs that wait for it go on."""
    repo.retention.releases.end(told.kind, told.key, deleted=told.deleted)
    if not told.deleted and told.kind in (Kind.INPUTS, Kind.PUSHES):
        repo.captures.arrived(*told.key.split("/", 1))


@routes.get("/{kind}/going")
@allow(Role.SERVICE)
def going(repo: Repo, kind: Kind) -> list[str]:
    """What was let go and not yet said to be deleted: a crash came between."""
    return repo.retention.releases.going(kind)


@routes.get("/questions")
@allow(Role.SERVICE)
def questions(repo: Repo, instrument: InstrumentId, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> Questions:
    """Files that an instrument is asked for: does it still hold them?"""
    return Questions(items=repo.retention.vouchers.questions(instrument, limit))


@routes.post("/vouchers")
@allow(Role.SERVICE)
def vouch(repo: Repo, voucher: Voucher) -> dict[str, bool]:
    """An instrument has just read a file, or doesn't hold it."""
    return {"asked": repo.retention.vouchers.answer(voucher)}
