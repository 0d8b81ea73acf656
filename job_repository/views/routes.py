"""`/api/v2/views`: choices of jobs that the lab keeps by name."""

from typing import Annotated

from fastapi import APIRouter, Header

from job_repository.jobs.routes import Repo
from labrelay.contracts.pauses import Words
from labrelay.contracts.views import View, ViewDraft, ViewId, ViewPage
from labrelay.http.access import Calling
from labrelay.http.roles import Role, allow

routes = APIRouter(prefix="/api/v2/views", tags=["views"])
ActorName = Annotated[Words, Header(alias="X-Labrelay-Actor")]


@routes.get("")
@allow(Role.VIEWER)
def views(repo: Repo) -> ViewPage:
    """All views, by name."""
    return ViewPage(items=repo.views.all())


@routes.post("", status_code=201)
@allow(Role.OPERATOR)
def keep(repo: Repo, draft: ViewDraft, caller: Calling, actor: ActorName = "") -> View:
    """Keep a choice of jobs under a name, for everybody; the same once more changes nothing."""
    return repo.views.keep(draft, caller.actor(draft.actor or actor or "local"))


@routes.delete("/{view_id}", status_code=204)
@allow(Role.OPERATOR)
def remove(repo: Repo, view_id: ViewId, caller: Calling, actor: ActorName = "") -> None:
    """Let a view go; no job is touched."""
    repo.views.remove(view_id, caller.actor(actor or "local"))
