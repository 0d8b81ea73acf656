"""`/api/v2/actions`: acts on many jobs, previewed with exactly these jobs, then run."""

from typing import Annotated

from fastapi import APIRouter, Header, Query

from job_repository.jobs.recovery import Person
from job_repository.jobs.routes import Actor, Repo
from labrelay.contracts.actions import Action, ActionId, ActionJobPage, ActionPage, ActionRequest, Outcome
from labrelay.contracts.pauses import Words
from labrelay.http.access import Calling
from labrelay.http.roles import Role, allow

routes = APIRouter(prefix="/api/v2/actions", tags=["actions"])


@routes.post("", status_code=201)
@allow(Role.OPERATOR)
def preview(
    repo: Repo, asked: ActionRequest, caller: Calling, x_labrelay_actor: Annotated[Words, Header()] = ""
) -> Action:
    """Which jobs an act would concern, and what would happen to them; they are kept under the answer's `id`."""
    person = Person(caller.actor(asked.actor or x_labrelay_actor or "local"), asked.reason)
    return repo.action_views.preview(asked, person)


@routes.get("")
@allow(Role.VIEWER)
def actions(repo: Repo, limit: Annotated[int, Query(ge=1, le=200)] = 20) -> ActionPage:
    """Acts and previews, newest first."""
    return ActionPage(items=repo.action_views.newest(limit))


@routes.get("/{action_id}")
@allow(Role.VIEWER)
def action(repo: Repo, action_id: ActionId) -> Action:
    """One act, and how far it has come."""
    return repo.action_views.shown(action_id)


@routes.get("/{action_id}/jobs")
@allow(Role.VIEWER)
def jobs(
    repo: Repo,
    action_id: ActionId,
    outcome: Outcome | None = None,
    after: Annotated[int, Query(ge=-1, lt=1 << 63)] = -1,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> ActionJobPage:
    """Its jobs, in the order in which it comes to them."""
    return repo.action_views.jobs(action_id, outcome, after, limit)


@routes.post("/{action_id}/run", status_code=202)
@allow(Role.OPERATOR)
def run(repo: Repo, action_id: ActionId, who: Actor) -> Action:
    """Do what was previewed, to exactly these jobs; one that has changed since is left alone. Again changes nothing."""
    repo.actions.run(action_id, who)
    return repo.action_views.shown(action_id)


@routes.post("/{action_id}/stop")
@allow(Role.OPERATOR)
def stop(repo: Repo, action_id: ActionId, who: Actor) -> Action:
    """Leave alone the jobs that it hasn't come to."""
    repo.actions.stop(action_id, who)
    return repo.action_views.shown(action_id)
