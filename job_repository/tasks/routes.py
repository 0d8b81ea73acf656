"""`/api/v2/tasks`: the store of tasks and their versions."""

from typing import Annotated

from fastapi import APIRouter, Header, Response

from job_repository.jobs.routes import Repo
from job_repository.tasks.preview import TaskTrial, TrialResult, newest_sources, try_out
from labrelay.contracts.base import Contract
from labrelay.contracts.tasks import Task, TaskDraft
from labrelay.http.roles import Role, allow

routes = APIRouter(prefix="/api/v2/tasks", tags=["tasks"])
ActorName = Annotated[str, Header(alias="X-Labrelay-Actor")]
Key = Annotated[str, Header(max_length=200)]


class TaskList(Contract):
    """Tasks in the order of matching."""

    items: tuple[Task, ...]


@routes.get("")
@allow(Role.VIEWER)
def tasks(repo: Repo) -> TaskList:
    """All tasks, in the order of matching."""
    return TaskList(items=tuple(repo.tasks.all()))


@routes.post("", status_code=201)
@allow(Role.ADMIN)
def create(repo: Repo, draft: TaskDraft, actor: ActorName = "local", idempotency_key: Key = "") -> Task:
    """Store a new task; a repetition with the same Idempotency-Key gets the first answer."""
    return repo.tasks.create(draft, actor, idempotency_key)


@routes.post("/preview")
@allow(Role.OPERATOR)
def preview(repo: Repo, trial: TaskTrial) -> TrialResult:
    """What a task would take of the newest files; stores nothing."""
    repo.queries.catch_up()
    return try_out(repo.tasks.all(), trial, newest_sources(repo.record, trial.files))


@routes.get("/{task_id}")
@allow(Role.VIEWER)
def task(repo: Repo, response: Response, task_id: str) -> Task:
    """One task; its ETag is the version."""
    found = repo.tasks.get(task_id)
    response.headers["ETag"] = f'"{found.version}"'
    return found


@routes.get("/{task_id}/versions")
@allow(Role.VIEWER)
def versions(repo: Repo, task_id: str) -> TaskList:
    """All versions, oldest first; of deleted tasks too."""
    return TaskList(items=tuple(repo.tasks.versions(task_id)))


@routes.put("/{task_id}")
@allow(Role.ADMIN)
def change(
    repo: Repo,
    task_id: str,
    draft: TaskDraft,
    actor: ActorName = "local",
    if_match: Annotated[str, Header()] = "",
) -> Task:
    """Store a new version; with If-Match only over that version."""
    expected = if_match.strip('"')
    return repo.tasks.change(task_id, draft, actor, int(expected) if expected.isdecimal() else None)


@routes.delete("/{task_id}", status_code=204)
@allow(Role.ADMIN)
def delete(repo: Repo, task_id: str, actor: ActorName = "local") -> None:
    """Take a task out of matching."""
    repo.tasks.delete(task_id, actor)
