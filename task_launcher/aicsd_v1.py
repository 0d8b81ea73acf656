"""`/api/v1` of AiCSD's task launcher: its status codes and text bodies (wire format, B.2, B.3), same functions."""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from labrelay.access.callers import Caller
from labrelay.capability import Fence
from labrelay.contracts.aicsd import Wire, WireJob, WireTask
from labrelay.errors import RequestRefused
from labrelay.http.access import Calling
from labrelay.http.roles import Role, allow
from labrelay.matching import taking
from task_launcher import aicsd_tasks
from task_launcher.aicsd_format import BadJson, go_duration, read_wire, wire_task
from task_launcher.callbacks import CallbackRefused, check_here
from task_launcher.routes import OWN_THREADS, InParts

router = APIRouter(prefix="/api/v1", tags=["AiCSD"], route_class=OWN_THREADS.route_class)


async def _body(request: Request) -> bytes:
    return await request.body()


Body = Annotated[bytes, Depends(_body)]


@router.post("/task")
@allow(Role.ADMIN)
def create_task(of: InParts, body: Body) -> Response:
    """201 and the id as text; 400 with an id or bad JSON; 500 where something required is missing or wrong."""
    try:
        wire = read_wire(WireTask, body)
        if wire.id:
            return _text("Id must be empty", 400)
        task = aicsd_tasks.create(wire, of.tasks, of.settings.pipelines, of.registry)
    except RequestRefused as error:
        return _text(error.cause, 400 if isinstance(error, BadJson) else 500)
    return PlainTextResponse(task.id, 201)


@router.get("/task")
@allow(Role.VIEWER)
def list_tasks(of: InParts) -> Response:
    """200 and the tasks; 204 when there are none."""
    rows = [wire_task(task).wire() for task in of.tasks.all()]
    return JSONResponse(rows) if rows else Response(status_code=204)


@router.get("/task/{task_id}")
@allow(Role.VIEWER)
def read_task(of: InParts, task_id: str) -> Response:
    """200, or 500 for an unknown one."""
    try:
        return JSONResponse(wire_task(of.tasks.one(task_id)).wire())
    except RequestRefused as error:
        return _text(error.cause, 500)


@router.put("/task")
@allow(Role.ADMIN)
def merge_task(of: InParts, body: Body) -> Response:
    """200; 400 for bad JSON; 404 for every other refusal."""
    try:
        aicsd_tasks.merge(read_wire(WireTask, body), of.tasks)
    except RequestRefused as error:
        return _text(error.cause, 400 if isinstance(error, BadJson) else 404)
    return Response()


@router.delete("/task/{task_id}")
@allow(Role.ADMIN)
def delete_task(of: InParts, task_id: str) -> Response:
    """200, or 400 for an unknown one."""
    try:
        of.tasks.delete(task_id)
    except RequestRefused as error:
        return _text(error.cause, 400)
    return Response()


@router.post("/matchTask")
@allow(Role.VIEWER)
def match_task(of: InParts, body: Body) -> Response:
    """200 and `true` or `false` as text; a broken selector counts as no match of its own task alone."""
    try:
        job = read_wire(WireJob, body)
    except BadJson as error:
        return _text(error.cause, 400)
    return PlainTextResponse("true" if taking(of.tasks.all(), job.wire()) else "false")


@router.post("/dataToHandle")
@allow(Role.OPERATOR)
def data_to_handle(of: InParts, body: Body) -> Response:
    """200: the launcher takes jobs up by itself, so being told of one changes nothing."""
    try:
        read_wire(WireJob, body)
    except BadJson as error:
        return _text(error.cause, 400)
    return Response()


@router.post("/pipelineStatus/{job_id}/{task_id}")
@allow(Role.ANYONE)
def pipeline_status(
    of: InParts,
    caller: Calling,
    later: BackgroundTasks,
    job_id: str,
    task_id: str,
    body: Body,
    attempt: str = "",
    key: str = "",
) -> Response:
    """200 once the final status holds; 400 as AiCSD; 403 for a changed URL; 409 when another attempt holds the job."""
    try:
        fence = _fence(of, caller, job_id, task_id, (attempt, key))
        job = of.callbacks.finish(job_id, task_id, body.decode(errors="replace"), fence)
    except CallbackRefused as error:
        return _text(error.cause, 400)
    if job is not None:
        later.add_task(of.results.export, job)
    return Response(background=later)


def _fence(of: InParts, caller: Caller, job_id: str, task_id: str, capability: tuple[str, str]) -> Fence | None:
    if any(capability):
        return of.callbacks.fence(job_id, task_id, *capability)
    check_here(caller)
    return None


class Retry(Wire):
    """AiCSD's retry body: how long back it looks."""

    timeout_duration: str = ""


@router.post("/retry")
@allow(Role.OPERATOR)
def retry(of: InParts, body: Body) -> Response:
    """200: owned jobs are taken up all the time; 400 bad JSON; 500 for a bad or missing duration."""
    try:
        go_duration(read_wire(Retry, body).timeout_duration)
    except RequestRefused as error:
        return _text(error.cause, error.status)
    return Response()


def _text(cause: str, status: int) -> Response:
    return PlainTextResponse(f"{cause}\n", status)
