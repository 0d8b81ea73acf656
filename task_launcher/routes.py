"""`/api/v2` of the launcher."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Request, Response

from labrelay.contracts.base import Contract
from labrelay.contracts.launches import Claim, ClaimRequest
from labrelay.contracts.tasks import Task, TaskDraft
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
def list_tasks(of: InParts) -> TaskList:
    """Every task."""
    return TaskList(items=tuple(of.tasks.all()))


@router.post("/api/v2/tasks", status_code=201, tags=["tasks"])
def create_task(of: InParts, draft: TaskDraft, actor: Actor = LOCAL) -> Task:
    """A new task, once its selector has been tried."""
    return of.tasks.create(draft, actor)


@router.get("/api/v2/tasks/{task_id}", tags=["tasks"])
def read_task(of: InParts, response: Response, task_id: str) -> Task:
    """One task; its ETag is the version."""
    task = of.tasks.one(task_id)
    response.headers["ETag"] = f'"{task.version}"'
    return task


@router.put("/api/v2/tasks/{task_id}", tags=["tasks"])
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
def delete_task(of: InParts, task_id: str, actor: Actor = LOCAL) -> None:
    """Remove a task; jobs keep their frozen copy."""
    of.tasks.delete(task_id, actor)


@router.post("/api/v2/explain", tags=["tasks"])
def explain_file(of: InParts, question: Question) -> Explanation:
    """Which task would take a file, and why not the others."""
    return explain(of.tasks.all(), question)


@router.post("/api/v2/claims", tags=["work"])
def claim(of: InParts, request: ClaimRequest) -> Claim:
    """A worker takes a launched job; 409 when it isn't waiting for a worker."""
    return of.claims.claim(request)


@router.post("/api/v2/leases/{job_id}/{task_id}", tags=["work"])
def renew(of: InParts, job_id: str, task_id: str, attempt: str, key: str) -> dict[str, float]:
    """A worker is still at it."""
    return {"lease_s": of.callbacks.renew(of.callbacks.fence(job_id, task_id, attempt, key))}


@router.get("/api/v2/pipelines", tags=["pipelines"])
def pipelines(of: InParts) -> list[PipelineRow]:
    """Queue length, open launches, mode and presence of every pipeline."""
    return pipeline_rows(of.tasks.all(), queues(of.watch.owned), of.switches, of.registry)


@router.post("/api/v2/pipelines/{topic:path}/pause", tags=["pipelines"])
def pause(of: InParts, topic: str) -> dict[str, Any]:
    """Launch nothing new for this pipeline."""
    return _set(of, topic, Mode.PAUSED)


@router.post("/api/v2/pipelines/{topic:path}/drain", tags=["pipelines"])
def drain(of: InParts, topic: str) -> dict[str, Any]:
    """Launch nothing new; the list tells when the last open launch is done."""
    return _set(of, topic, Mode.DRAINING)


@router.post("/api/v2/pipelines/{topic:path}/resume", tags=["pipelines"])
def resume(of: InParts, topic: str) -> dict[str, Any]:
    """Launch again."""
    return _set(of, topic, Mode.RUNNING)


class First(Contract):
    """Plates (any attribute's value) whose jobs go first; an empty list ends all priority."""

    plates: tuple[str, ...]


@router.get("/api/v2/first", tags=["pipelines"])
def read_first(of: InParts) -> First:
    """Which plates go first."""
    return First(plates=tuple(sorted(of.switches.first)))


@router.put("/api/v2/first", tags=["pipelines"])
def set_first(of: InParts, first: First) -> First:
    """These plates first."""
    of.switches.set_first(frozenset(first.plates))
    return read_first(of)


def _set(of: Parts, topic: str, mode: Mode) -> dict[str, Any]:
    of.switches.set_mode(topic, mode)
    return {"topic": topic, "mode": of.switches.mode(topic)}
