"""The dashboard's routes (port 4200): pages for people, one JSON twin, one stream of changes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Header, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.staticfiles import StaticFiles

from dashboard.filters import JobFilter
from dashboard.instruments import reason_in
from dashboard.job_page import page_of
from dashboard.live import Hub
from dashboard.login import lead_to_login, login_router
from dashboard.overview import read_overview, twin_of
from dashboard.pages import SAFE, STATIC, Pages
from dashboard.pictures import Pictures, headers_of, media_type
from dashboard.repository import READ_S, Repository
from dashboard.sessions import Sessions
from dashboard.threads import Threads
from labrelay.access.callers import Caller
from labrelay.errors import LabrelayError, NotFound, ServiceUnavailable
from labrelay.http import Client, create_app
from labrelay.http.access import Calling
from labrelay.http.problem import respond
from labrelay.http.roles import Role, allow
from labrelay.settings import Settings

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Desk:
    """What the routes work with."""

    repository: Repository
    pictures: Pictures
    pages: Pages
    threads: Threads
    hub: Hub


def create(settings: Settings) -> FastAPI:
    """The dashboard of the services that `settings` names."""
    desk = _desk(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        desk.hub.start()
        yield
        desk.hub.stop()

    app = create_app("dashboard", settings, lifespan=lifespan)
    app.state.desk = desk
    app.include_router(router)
    app.mount("/static", allow(Role.ANYONE)(StaticFiles(directory=STATIC)))
    _add_login(app, settings, desk.pages)
    app.add_exception_handler(LabrelayError, _explain)
    return app


def _add_login(app: FastAPI, settings: Settings, pages: Pages) -> None:
    sessions = Sessions(settings.gateway_layout.secrets, settings.access.session_h)
    app.state.access.session = sessions.token_of
    app.state.access.turn_away = partial(lead_to_login, pages)
    app.include_router(login_router(sessions, pages))


def _desk(settings: Settings) -> Desk:
    client = Client.of(settings, "job_repository", read_s=READ_S, retries=1, repeat_all=False)
    listening = Client.of(settings, "job_repository", retries=0)
    sender = Client.of(settings, "file_sender_gateway", retries=1)
    repository, pages, threads = Repository(client), Pages(), Threads()
    return Desk(repository, Pictures(sender, threads), pages, threads, Hub(listening, repository, pages))


def _the_desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


TheDesk = Annotated[Desk, Depends(_the_desk)]
Wanted = Annotated[JobFilter, Depends(JobFilter.read)]


@router.get("/", response_class=HTMLResponse)
@allow(Role.VIEWER)
async def show_jobs(desk: TheDesk, wanted: Wanted, who: Calling) -> Response:
    """The newest jobs; without the repository the page says so."""
    seq = desk.hub.seq
    try:
        overview = await desk.threads.run(partial(read_overview, desk.repository, wanted))
    except ServiceUnavailable as trouble:
        return desk.pages.html("jobs.html", 503, who, wanted=wanted, seq=seq, overview=None, trouble=trouble)
    return desk.pages.html("jobs.html", who=who, wanted=wanted, seq=seq, overview=overview, trouble=None)


@router.get("/jobs.json")
@allow(Role.VIEWER)
async def list_jobs(desk: TheDesk, wanted: Wanted) -> dict[str, Any]:
    """The same jobs as JSON."""
    return twin_of(await desk.threads.run(partial(read_overview, desk.repository, wanted)))


@router.get("/jobs/{job_id}", response_class=HTMLResponse)
@allow(Role.VIEWER)
async def show_job(desk: TheDesk, job_id: str, who: Calling) -> Response:
    """One job in full."""
    return await _job_page(desk, job_id, who)


@router.post("/jobs/{job_id}/retry", response_class=HTMLResponse)
@allow(Role.OPERATOR)
async def retry_job(desk: TheDesk, job_id: str, who: Calling) -> Response:
    """Ask for another try, then show the job; a refusal is explained on the job's page."""
    try:
        await desk.threads.run(partial(desk.repository.retry, job_id, who))
    except NotFound:
        raise
    except LabrelayError as trouble:
        return await _job_page(desk, job_id, who, trouble)
    return RedirectResponse(f"/jobs/{job_id}", status_code=303)


@router.post("/instruments/{instrument}/{act}", response_class=HTMLResponse)
@allow(Role.OPERATOR)
async def pause_instrument(
    desk: TheDesk, request: Request, instrument: str, act: Literal["pause", "resume"], who: Calling
) -> Response:
    """Pause an instrument or let it go on, then show all; other open pages are told to look."""
    reason = reason_in(await request.body())
    paused = act == "pause"
    told = partial(desk.repository.pause, instrument, paused=paused, reason=reason if paused else "", who=who)
    await desk.threads.run(told)
    desk.hub.refresh()
    return RedirectResponse("/", status_code=303)


@router.get("/jobs/{job_id}/outputs/{index}", response_class=Response)
@allow(Role.VIEWER)
async def show_output(
    desk: TheDesk, job_id: str, index: int, v: str = "", if_none_match: Annotated[str, Header()] = ""
) -> Response:
    """One output: a picture to look at, anything else to save."""
    job = await desk.threads.run(partial(desk.repository.job, job_id))
    if not 0 <= index < len(job.outputs):
        raise NotFound(f"Job {job_id} has no output {index}.")
    output = job.outputs[index]
    headers = {**SAFE, **headers_of(output, v)}
    if f'"{output.sha256}"' in if_none_match:
        return Response(status_code=304, headers={k: v for k, v in headers.items() if k != "Content-Length"})
    stream = await desk.pictures.open(job_id, index)
    return StreamingResponse(stream, headers=headers, media_type=media_type(output.name) or "application/octet-stream")


@router.get("/events", response_class=EventSourceResponse)
@allow(Role.VIEWER)
async def follow_events(
    desk: TheDesk,
    request: Request,
    wanted: Wanted,
    who: Calling,
    since: str = "",
    last_event_id: Annotated[str, Header()] = "",
) -> AsyncIterator[ServerSentEvent]:
    """What changes on a page, as it changes."""
    async for event in desk.hub.follow(wanted, last_event_id or since, who):
        if not await request.app.state.access.still_admits(who):
            return
        yield event


async def _job_page(desk: Desk, job_id: str, who: Caller, trouble: LabrelayError | None = None) -> HTMLResponse:
    seq = desk.hub.seq
    job = await desk.threads.run(partial(desk.repository.job, job_id))
    events = await desk.threads.run(partial(desk.repository.timeline, job_id))
    page = page_of(job, events, await desk.threads.run(partial(desk.repository.set_words, job)))
    wanted, status = JobFilter(job_id=job_id), trouble.status if trouble else 200
    return desk.pages.html("job.html", status, who, page=page, wanted=wanted, seq=seq, trouble=trouble)


async def _explain(request: Request, error: Exception) -> Response:
    assert isinstance(error, LabrelayError)  # noqa: S101 - registered for this class alone
    if "text/html" not in request.headers.get("accept", ""):
        return respond(error)
    desk: Desk = request.app.state.desk
    return desk.pages.html("trouble.html", error.status, trouble=error)
