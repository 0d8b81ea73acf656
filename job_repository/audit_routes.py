"""`/api/v2/audit`: read and verify the chain, also against what a witness holds; acts of other services enter it."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import StringConstraints

from job_repository.jobs.routes import Repo
from job_repository.record.audit import Act
from job_repository.record.audit_reading import AuditChoice, read_audit
from job_repository.record.audit_verification import Verification, shown
from job_repository.repository import Repository
from labrelay.contracts.audit import AuditPage, Witness
from labrelay.contracts.base import Contract
from labrelay.http.roles import Role, allow

routes = APIRouter(prefix="/api/v2/audit", tags=["audit"])


class ToldAct(Contract):
    """What a person did through another service, for the chain."""

    kind: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,32}$")]
    actor: Annotated[str, StringConstraints(max_length=200)] = ""
    subject: Annotated[str, StringConstraints(max_length=64)] = ""
    body: dict[str, str | int | bool | list[str]] = {}


Text = Annotated[str, Query(max_length=200)]


@routes.get("")
@allow(Role.OPERATOR)
def trail(
    repo: Repo,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    before: Annotated[int, Query(ge=0)] = 0,
    kind: Text = "",
    actor: Text = "",
    subject: Text = "",
    people: bool = False,
) -> AuditPage:
    """Who did what, when and why, newest first; `people` leaves out the ends of jobs."""
    repo.queries.catch_up()
    return read_audit(repo.record, AuditChoice(kind, actor, subject, people, before), limit)


@routes.get("/verify")
@allow(Role.OPERATOR)
def verify(repo: Repo) -> dict[str, Any]:
    """Walk the whole chain, and compare it with its signed head and the final jobs."""
    return _verified(repo, Witness())


@routes.post("/verify")
@allow(Role.OPERATOR)
def verify_with(repo: Repo, witness: Witness) -> dict[str, Any]:
    """The same, and compare it with heads and receipts that somebody else holds."""
    return _verified(repo, witness)


@routes.post("/acts", status_code=204)
@allow(Role.SERVICE)
def enter(repo: Repo, told: ToldAct) -> None:
    """An act of another service enters the chain."""
    repo.audit.enter(Act(told.kind, told.actor, told.subject, dict(told.body)))


def _verified(repo: Repository, witness: Witness) -> dict[str, Any]:
    repo.queries.catch_up()
    return shown(Verification(repo.record, repo.audit.signer).verify(witness))
