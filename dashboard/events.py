"""The stream of changes that open pages follow."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.responses import StreamingResponse

from dashboard.desk import TheDesk
from labrelay.access.callers import Caller
from labrelay.http.access import Access, Calling
from labrelay.http.roles import Role, allow
from labrelay.words import LANGUAGE

router = APIRouter(include_in_schema=False)


@router.get("/events", response_class=StreamingResponse)
@allow(Role.VIEWER)
async def follow_events(
    desk: TheDesk, request: Request, who: Calling, since: str = "", last_event_id: Annotated[str, Header()] = ""
) -> StreamingResponse:
    """What changes, as it changes (SSE): `change`, `resync` and `beat`; resumable by `Last-Event-ID` or `since`."""
    messages = desk.hub.follow(last_event_id or since, LANGUAGE.get())
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    told = _while_admitted(messages, request.app.state.access, who)
    return StreamingResponse(told, media_type="text/event-stream", headers=headers)


async def _while_admitted(messages: AsyncIterator[bytes], access: Access, who: Caller) -> AsyncIterator[bytes]:
    async for message in messages:
        if not await access.still_admits(who):
            return
        yield message
