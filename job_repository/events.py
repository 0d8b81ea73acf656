"""Live events (SSE): every step that the record holds, with its running number, resumable by `Last-Event-ID`."""

import json
from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Final

from anyio.to_thread import run_sync
from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse

from job_repository.changes import RECORD
from job_repository.jobs.routes import Repo
from job_repository.repository import Repository
from labrelay.access.callers import Caller
from labrelay.contracts.plates import PLATE_FINISHED
from labrelay.http.access import Access, Calling
from labrelay.http.roles import Role, allow

routes = APIRouter(prefix="/api/v2", tags=["events"])
KEEP_ALIVE_S: Final = 3.0
BATCH: Final = 500


@routes.get("/events", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}})
@allow(Role.VIEWER)
async def events(
    repo: Repo,
    request: Request,
    caller: Calling,
    since: int | None = None,
    last_event_id: Annotated[str, Header()] = "",
    tiles: Annotated[bool, Query(description="give the newest step of each job its `tile`, as of now")] = False,
) -> StreamingResponse:
    """Steps as they are recorded: after `Last-Event-ID` (or `since`), without either from now on."""
    given = int(last_event_id) if last_event_id.isdecimal() else since
    start = repo.projector.position if given is None else given
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingResponse(
        _while_admitted(stream(repo, start, tiles=tiles), request, caller),
        media_type="text/event-stream",
        headers=headers,
    )


async def _while_admitted(texts: AsyncIterator[str], request: Request, caller: Caller) -> AsyncIterator[str]:
    access: Access = request.app.state.access
    async for text in texts:
        if not await access.still_admits(caller):
            return
        yield text


async def stream(repo: Repository, after: int, *, tiles: bool = False) -> AsyncIterator[str]:
    """The text of the event stream."""
    yield "retry: 1000\n\n"
    with repo.changes.listening(RECORD) as listener:
        while True:
            batch = await run_sync(partial(repo.queries.events, after, BATCH, tiles=tiles))
            for event in batch:
                after = event["seq"]
                name = PLATE_FINISHED if event["step"] == PLATE_FINISHED else "step"
                yield f"id: {after}\nevent: {name}\ndata: {json.dumps(event)}\n\n"
            if not batch and not await listener.wait(KEEP_ALIVE_S):
                yield ": keep-alive\n\n"
