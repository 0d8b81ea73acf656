"""`/`: how the lab is now."""

from functools import partial
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from dashboard.desk import TheDesk
from dashboard.now.reading import document, read_now
from labrelay.errors import ServiceUnavailable
from labrelay.http.access import Calling
from labrelay.http.roles import Role, allow

router = APIRouter(include_in_schema=False)


@router.get("/", response_class=HTMLResponse)
@allow(Role.VIEWER)
async def show_now(desk: TheDesk, who: Calling) -> Response:
    """The page; without the repository it says so."""
    seq = desk.hub.seq
    line = desk.curl(f"{desk.client.base_url}/api/v2/summary")
    shown: dict[str, Any] = {"who": who, "seq": seq, "curl": line}
    try:
        now = await desk.threads.run(partial(read_now, desk.client, desk.repository))
    except ServiceUnavailable as away:
        return desk.pages.html("now/now.html", 503, now=None, away=away, **shown)
    return desk.pages.html("now/now.html", now=now, away=None, **shown)


@router.get("/now.json")
@allow(Role.VIEWER)
async def now_twin(desk: TheDesk) -> dict[str, Any]:
    """The page as JSON."""
    return document(await desk.threads.run(partial(read_now, desk.client, desk.repository)))
