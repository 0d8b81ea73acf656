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
from dashboard.overview import read_overview, twin_of
from dashboard.pages import SAFE, STATIC, Pages
from dashboard.pictures import Pictures, headers_of, media_type
from dashboard.repository import READ_S, Repository
from dashboard.threads import Threads
from labrelay.errors import LabrelayError, NotFound, ServiceUnavailable
from labrelay.http import Client, create_app
from labrelay.http.problem import respond
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

    app = create_app("dashboard", lifespan=lifespan)
    app.state.desk = desk
    app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC))
    app.add_exception_handler(LabrelayError, _explain)
    return app


def _desk(settings: Settings) -> Desk:
    client = Client(settings.service_url("job_repository"), read_s=READ_S, retries=1, repeat_all=False)
    listening = Client(settings.service_url("job_repository"), retries=0)
    sender = Client(settings.service_url("file_sender_gateway"), retries=1)
    repository, pages, threads = Repository(client), Pages(), Threads()
    return Desk(repository, Pictures(sender, threads), pages, threads, Hub(listening, repository, pages))


def _the_desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


TheDesk = Annotated[Desk, Depends(_the_desk)]
Wanted = Annotated[JobFilter, Depends(JobFilter.read)]


@router.get("/", response_class=HTMLResponse)
async def show_jobs(desk: TheDesk, wanted: Wanted) -> Response:
    """The newest jobs; without the repository the page says so."""
    seq = desk.hub.seq
    try:
        overview = await desk.threads.run(partial(read_overview, desk.repository, wanted))
    except ServiceUnavailable as trouble:
        return desk.pages.html("jobs.html", 503, wanted=wanted, seq=seq, overview=None, trouble=trouble)
    return desk.pages.html("jobs.html", wanted=wanted, seq=seq, overview=overview, trouble=None)


@router.get("/jobs.json")
async def list_jobs(desk: TheDesk, wanted: Wanted) -> dict[str, Any]:
    """The same jobs as JSON."""
    return twin_of(await desk.threads.run(partial(read_overview, desk.repository, wanted)))


@router.get("/jobs/{job_id}", response_class=HTMLResponse)
async def show_job(desk: TheDesk, job_id: str) -> Response:
    """One job in full."""
    return await _job_page(desk, job_id)


@router.post("/jobs/{job_id}/retry", response_class=HTMLResponse)
async def retry_job(desk: TheDesk, job_id: str) -> Response:
    """Ask for another try, then show the job; a refusal is explained on the job's page."""
    try:
        await desk.threads.run(partial(desk.repository.retry, job_id))
    except NotFound:
        raise
    except LabrelayError as trouble:
        return await _job_page(desk, job_id, trouble)
    return RedirectResponse(f"/jobs/{job_id}", status_code=303)


@router.post("/instruments/{instrument}/{act}", response_class=HTMLResponse)
async def pause_instrument(
    desk: TheDesk, request: Request, instrument: str, act: Literal["pause", "resume"]
) -> Response:
    """Pause an instrument or let it go on, then show all; other open pages are told to look."""
    reason = reason_in(await request.body())
    pause = partial(desk.repository.pause, instrument, paused=act == "pause", reason=reason if act == "pause" else "")
    await desk.threads.run(pause)
    desk.hub.refresh()
    return RedirectResponse("/", status_code=303)


@router.get("/jobs/{job_id}/outputs/{index}", response_class=Response)
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
async def follow_events(
    desk: TheDesk, wanted: Wanted, since: str = "", last_event_id: Annotated[str, Header()] = ""
) -> AsyncIterator[ServerSentEvent]:
    """What changes on a page, as it changes."""
    async for event in desk.hub.follow(wanted, last_event_id or since):
        yield event


async def _job_page(desk: Desk, job_id: str, trouble: LabrelayError | None = None) -> HTMLResponse:
    seq = desk.hub.seq
    job = await desk.threads.run(partial(desk.repository.job, job_id))
    events = await desk.threads.run(partial(desk.repository.timeline, job_id))
    page = page_of(job, events, await desk.threads.run(partial(desk.repository.set_words, job)))
    wanted, status = JobFilter(job_id=job_id), trouble.status if trouble else 200
    return desk.pages.html("job.html", status, page=page, wanted=wanted, seq=seq, trouble=trouble)


async def _explain(request: Request, error: Exception) -> Response:
    assert isinstance(error, LabrelayError)  # noqa: S101 - registered for this class alone
    if "text/html" not in request.headers.get("accept", ""):
        return respond(error)
    desk: Desk = request.app.state.desk
    return desk.pages.html("trouble.html", error.status, trouble=error)
