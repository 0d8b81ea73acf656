"""AiCSD's `/api/v1/job…`, over the same functions as v2. Paths, status codes and text bodies are AiCSD's."""

import contextlib
from typing import Annotated, Any, Final

import anyio
from anyio.to_thread import run_sync
from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import ValidationError
from starlette.requests import ClientDisconnect

from job_repository.aicsd.bodies import (
    MOST_BYTES,
    NO_DIGEST,
    Callback,
    announcement_of,
    edit_of,
    parse_object,
    read_report,
    report_of,
)
from job_repository.aicsd.translations import translated
from job_repository.jobs.routes import Repo
from job_repository.repository import Person, Repository
from labrelay.capability import Fence, load_key, parse_fence, verify
from labrelay.contracts.aicsd import wire_job
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Owner, PipelineStatus, Stage
from labrelay.contracts.transitions import MarkOverdue, ReportJob
from labrelay.errors import Conflict, Forbidden, NotFound, RequestRefused, Unprocessable
from labrelay.http.access import Calling
from labrelay.http.limits import BODY_S, BodyTooSlow
from labrelay.http.roles import Role, allow
from labrelay.words import preferred

routes = APIRouter(prefix="/api/v1/job", tags=["AiCSD"])
ACTOR: Final = "aicsd-v1"
REPORTS: Final = "/api/v1/job/pipeline/[^/]+/[^/]+"
"""Where reports come: their bodies are taken in here, so that a job says of its own why one was refused."""
REPORTABLE: Final = {PipelineStatus.COMPLETE.value, PipelineStatus.FAILED.value}


@routes.post("", response_class=PlainTextResponse)
@allow(Role.OPERATOR)
async def create(repo: Repo, request: Request) -> Response:
    """A new job (201) or the path's newest (409); the body is the job's id as text."""
    body = await request.body()
    return await run_sync(_create, repo, body)


@routes.get("")
@allow(Role.VIEWER)
def every(repo: Repo, accept_language: Annotated[str, Header()] = "") -> JSONResponse:
    """All jobs."""
    return JSONResponse(_shown(repo.queries.every_job(), accept_language))


@routes.get("/owner/{owner}")
@allow(Role.VIEWER)
def owned(repo: Repo, owner: str) -> Response:
    """All jobs of an owner."""
    if owner not in set(Owner):
        return _text(500, f"{owner} is not an owner")
    return JSONResponse(_shown([job for job in repo.queries.every_job() if job.owner == owner], ""))


@routes.get("/{job_id}")
@allow(Role.VIEWER)
def one(repo: Repo, job_id: str) -> Response:
    """One job; 500 if nobody knows it, as AiCSD answers."""
    job = _visible(repo, job_id)
    return _text(500, f"no job {job_id}") if job is None else JSONResponse(wire_job(job).wire())


@routes.put("/pipeline/{job_id}/{task_id}")
@allow(Role.ANYONE)
async def report(
    repo: Repo, request: Request, job_id: str, task_id: str, caller: Calling, attempt: str = "", key: str = ""
) -> Response:
    """The pipeline's report, for the attempt that the URL was given to."""
    body = await _at_most(request, MOST_BYTES)
    local = not key and caller.local
    return await run_sync(_report, repo, body, Callback(job_id, task_id, attempt, key, local))


@routes.put("/{job_id}")
@allow(Role.OPERATOR)
async def change(repo: Repo, request: Request, job_id: str) -> Response:
    """Change Verification or Attributes; 404 for whatever the transitions decide."""
    body = await request.body()
    return await run_sync(_change, repo, body, job_id)


@routes.delete("/{job_id}")
@allow(Role.OPERATOR)
def delete(repo: Repo, job_id: str) -> Response:
    """Cancel the job if it is live, and show it over v1 no more; the record keeps it."""
    job = _visible(repo, job_id)
    if job is None:
        return _text(500, f"no job {job_id}")
    if not job.final:
        repo.cancel(job_id, Person(ACTOR, "Deleted over AiCSD's API."))
    repo.queries.hide(job_id, ACTOR, repo.audit)
    return Response(status_code=200)


def _create(repo: Repository, body: bytes) -> Response:
    try:
        announcement = announcement_of(body)
    except (ValidationError, RequestRefused) as error:
        return _text(400, f"invalid job: {error}")
    newest = repo.captures.store.newest(announcement.instrument, announcement.folder, announcement.path)
    known = newest is not None and not repo.queries.hidden(newest.jobs[0].id)
    if newest is not None and known and announcement.sha256 in (NO_DIGEST, newest.announcement.sha256):
        return _text(409, newest.jobs[0].id)
    following = announcement.model_copy(update={"predecessor": newest.id if newest else None})
    return _text(201, repo.captures.announce(following, ACTOR, again=not known).jobs[0])


def _report(repo: Repository, body: bytes, callback: Callback) -> Response:
    try:
        told = read_report(body)
    except RequestRefused as error:
        status = error.status if isinstance(error, Unprocessable) else 500
        return _refused(repo, callback, status, f"the report can't be read: {error.cause}")
    try:
        job = repo.jobs.get(callback.job_id)
    except NotFound:
        return _text(400, f"no job {callback.job_id}")
    if job.task is None or job.task.id != callback.task_id or told.status not in REPORTABLE:
        cause = "the task isn't this job's, or the status is neither PipelineComplete nor PipelineFailed"
        return _refused(repo, callback, 400, cause)
    fence = _fence(repo, job, callback)
    step = ReportJob(epoch=fence.epoch, attempt=fence.attempt, report=report_of(told), actor=job.task.pipeline)
    repo.jobs.step(job.id, step)
    return Response(status_code=200)


def _refused(repo: Repository, callback: Callback, status: int, cause: str) -> Response:
    """AiCSD's answer; the job of the attempt that reported says so too, as its pipeline may never call again."""
    with contextlib.suppress(RequestRefused):  # whoever holds no attempt changes nothing
        job = repo.jobs.get(callback.job_id)
        fence = _fence(repo, job, callback)
        if job.stage is Stage.PROCESSING and (fence.epoch, fence.attempt) == (job.epoch, job.attempt):
            reason = f"The pipeline's report was refused: {cause}."
            repo.jobs.step(job.id, MarkOverdue(epoch=job.epoch, actor=ACTOR, reason=reason))
    return _text(status, cause)


def _fence(repo: Repository, job: Job, callback: Callback) -> Fence:
    """The attempt that reports: the capability's, or the current one for a tokenless pipeline on this machine."""
    if callback.key:
        fence = parse_fence(callback.job_id, callback.task_id, callback.attempt)
        verify(load_key(repo.settings.gateway_layout.secrets), fence, callback.key)
        return fence
    if not callback.local:
        raise Forbidden("A report without its key is only taken from this machine.")
    return Fence(callback.job_id, callback.task_id, job.epoch, job.attempt)


def _change(repo: Repository, body: bytes, job_id: str) -> Response:
    try:
        fields = parse_object(body)
    except RequestRefused as error:
        return _text(400, error.cause)
    job = _visible(repo, job_id)
    edit = edit_of(job, fields, ACTOR) if job else None
    if job is None or edit is None:
        return _text(404, "the job is unknown, or one of these fields can't be changed")
    try:
        changed = repo.jobs.step(job_id, edit)
    except Conflict as error:
        return _text(404, error.cause)
    return JSONResponse(wire_job(changed).wire())


def _visible(repo: Repository, job_id: str) -> Job | None:
    try:
        job = repo.jobs.get(job_id)
    except NotFound:
        return None
    return None if repo.queries.hidden(job_id) else job


def _shown(jobs: list[Job], accept_language: str) -> list[dict[str, Any]]:
    language = preferred(accept_language)
    wires = [wire_job(job).wire() for job in jobs]
    return [translated(wire, language) for wire in wires] if language else wires


async def _at_most(request: Request, limit: int) -> bytes:
    """The body, or as much of it as shows that it is longer than `limit` bytes; the rest isn't kept.

    Raises:
        BodyTooSlow: it didn't come to its end in time.
    """
    body = bytearray()
    try:
        with anyio.fail_after(BODY_S):
            async for chunk in request.stream():
                if len(body) <= limit:
                    body += chunk
    except (ClientDisconnect, TimeoutError) as cut:
        raise BodyTooSlow(f"The report didn't come within {BODY_S:g} s.") from cut
    return bytes(body)


def _text(status: int, body: str) -> PlainTextResponse:
    return PlainTextResponse(body, status_code=status)
