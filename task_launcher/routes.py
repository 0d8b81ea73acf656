"""`/api/v2` of the launcher."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Request, Response

from labrelay.contracts.base import Contract
from labrelay.contracts.launches import Claim, ClaimRequest
from labrelay.contracts.tasks import Task, TaskDraft
from labrelay.http.access import Calling
from labrelay.http.roles import Role, allow
from labrelay.http.threads import OwnThreads
from task_launcher.explain import Explanation, Question, explain
from task_launcher.launching import queues
from task_launcher.pipelines import PipelineRow, pipeline_rows
from task_launcher.service import Launcher, Parts
from task_launcher.switches import Mode
from task_launcher.tasks import ACTOR_HEADER, LOCAL

OWN_THREADS: Final = OwnThreads()
"""Nearly every handler here asks the job repository."""
router = APIRouter(route_class=OWN_THREADS.route_class)


async def parts(request: Request) -> Parts:
    """The parts of the launcher that serves this request."""
    launcher: Launcher = request.app.state.launcher
    return launcher.parts


InParts = Annotated[Parts, Depends(parts)]
Actor = Annotated[str, Header(alias=ACTOR_HEADER)]


class TaskList(Contract):
    """Tasks in the order of matching."""

    items: tuple[Task, ...]


@router.get("/api/v2/tasks", tags=["tasks"])
@allow(Role.VIEWER)
def list_tasks(of: InParts) -> TaskList:
    """Every task."""
    return TaskList(items=tuple(of.tasks.all()))


@router.post("/api/v2/tasks", status_code=201, tags=["tasks"])
@allow(Role.ADMIN)
def create_task(
    of: InParts, draft: TaskDraft, actor: Actor = LOCAL, idempotency_key: Annotated[str, Header(max_length=200)] = ""
) -> Task:
    """A new task, once its selector has been tried; a repetition with the same key gets the first answer."""
    return of.tasks.create(draft, actor, idempotency_key)


@router.get("/api/v2/tasks/{task_id}", tags=["tasks"])
@allow(Role.VIEWER)
def read_task(of: InParts, response: Response, task_id: str) -> Task:
    """One task; its ETag is the version."""
    task = of.tasks.one(task_id)
    response.headers["ETag"] = f'"{task.version}"'
    return task


@router.put("/api/v2/tasks/{task_id}", tags=["tasks"])
@allow(Role.ADMIN)
def replace_task(
    of: InParts,
    task_id: str,
    draft: TaskDraft,
    actor: Actor = LOCAL,
    if_match: Annotated[str, Header()] = "",
) -> Task:
    """A new version of a task; with If-Match only over that version."""
    return of.tasks.replace(task_id, draft, actor, if_match)


@router.delete("/api/v2/tasks/{task_id}", status_code=204, tags=["tasks"])
@allow(Role.ADMIN)
def delete_task(of: InParts, task_id: str, actor: Actor = LOCAL) -> None:
    """Remove a task; jobs keep their frozen copy."""
    of.tasks.delete(task_id, actor)


@router.post("/api/v2/explain", tags=["tasks"])
@allow(Role.VIEWER)
def explain_file(of: InParts, question: Question) -> Explanation:
    """Which task would take a file, and why not the others."""
    return explain(of.tasks.all(), question)


@router.post("/api/v2/claims", tags=["work"])
@allow(Role.PIPELINE)
def claim(of: InParts, request: ClaimRequest, caller: Calling) -> Claim:
    """A worker takes a launched job; 409 when it isn't waiting for a worker."""
    if caller.role is Role.PIPELINE:
        caller.check_pipeline(of.claims.topic_of(request.job_id))
    return of.claims.claim(request)


@router.post("/api/v2/leases/{job_id}/{task_id}", tags=["work"])
@allow(Role.ANYONE)
def renew(of: InParts, job_id: str, task_id: str, attempt: str, key: str) -> dict[str, float]:
    """A worker is still at it."""
    return {"lease_s": of.callbacks.renew(of.callbacks.fence(job_id, task_id, attempt, key))}


@router.get("/api/v2/pipelines", tags=["pipelines"])
@allow(Role.VIEWER)
def pipelines(of: InParts) -> list[PipelineRow]:
    """Queue length, open launches, mode and presence of every pipeline."""
    return pipeline_rows(of.tasks.all(), queues(of.watch.owned), of.switches, of.registry)


@router.post("/api/v2/pipelines/{topic:path}/pause", tags=["pipelines"])
@allow(Role.OPERATOR)
def pause(of: InParts, topic: str, actor: Actor = LOCAL) -> dict[str, Any]:
    """Launch nothing new for this pipeline."""
    return _set(of, topic, Mode.PAUSED, actor)


@router.post("/api/v2/pipelines/{topic:path}/drain", tags=["pipelines"])
@allow(Role.OPERATOR)
def drain(of: InParts, topic: str, actor: Actor = LOCAL) -> dict[str, Any]:
    """Launch nothing new; the list tells when the last open launch is done."""
    return _set(of, topic, Mode.DRAINING, actor)


@router.post("/api/v2/pipelines/{topic:path}/resume", tags=["pipelines"])
@allow(Role.OPERATOR)
def resume(of: InParts, topic: str, actor: Actor = LOCAL) -> dict[str, Any]:
    """Launch again."""
    return _set(of, topic, Mode.RUNNING, actor)


class First(Contract):
    """Plates (any attribute's value) whose jobs go first; an empty list ends all priority."""

    plates: tuple[str, ...]


@router.get("/api/v2/first", tags=["pipelines"])
@allow(Role.VIEWER)
def read_first(of: InParts) -> First:
    """Which plates go first."""
    return First(plates=tuple(sorted(of.switches.first)))


@router.put("/api/v2/first", tags=["pipelines"])
@allow(Role.OPERATOR)
def set_first(of: InParts, first: First, actor: Actor = LOCAL) -> First:
    """These plates first."""
    of.acts.enter("plates_first", actor, "", {"plates": sorted(first.plates)})
    of.switches.set_first(frozenset(first.plates))
    return read_first(of)


def _set(of: Parts, topic: str, mode: Mode, actor: str) -> dict[str, Any]:
    of.acts.enter(f"pipeline_{mode.value}", actor, topic)
    of.switches.set_mode(topic, mode)
    return {"topic": topic, "mode": of.switches.mode(topic)}
