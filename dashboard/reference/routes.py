"""`/api`: every call that somebody outside may make, readable without the internet, and `/api.json`."""

import asyncio
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from dashboard.desk import Desk, TheDesk
from dashboard.reference.reading import Described, describe, reference_of
from dashboard.reference.services import SERVICES
from labrelay import __version__
from labrelay.http.access import Calling
from labrelay.http.roles import Role, allow
from labrelay.words import N_

router = APIRouter(include_in_schema=False)
FEW: Final = 3
"""So many calls are shown opened."""
ROLES: Final = {
    Role.ANYONE: N_("anybody, without a token"),
    Role.VIEWER: N_("who may look"),
    Role.OPERATOR: N_("who may also act: retry, cancel, pause, judge"),
    Role.ADMIN: N_("who may also change tasks, models, tokens and retention"),
    Role.INSTRUMENT: N_("an instrument, for what is its own"),
    Role.PIPELINE: N_("a pipeline, for its own jobs"),
}
Words = Annotated[str, Query(max_length=200)]


@router.get("/api", response_class=HTMLResponse)
@allow(Role.VIEWER)
async def show_reference(desk: TheDesk, who: Calling, request: Request, q: Words = "") -> Response:
    """The reference, or those of its calls that hold the words `q`."""
    seq, token = desk.hub.seq, desk.settings.asks_for_tokens
    found = await _described(desk)
    reference = reference_of(found, desk.settings.edge_url, q, token=token)
    shown: dict[str, Any] = {"reference": reference, "q": q, "token": token, "roles": ROLES, "few": FEW}
    line = desk.curl(f"{desk.client.base_url}/openapi.json")
    return desk.pages.html("reference/reference.html", who=who, seq=seq, curl=line, **shown)


@router.get("/api.json")
@allow(Role.VIEWER)
async def reference_twin(desk: TheDesk) -> dict[str, Any]:
    """The services' OpenAPI documents, without what only services call; the same path may be in several."""
    services = [
        {
            "service": each.service.port.replace("_", "-"),
            "address": each.address,
            "trouble": each.trouble,
            "document": each.document or None,
        }
        for each in await _described(desk)
    ]
    return {"version": __version__, "services": services}


async def _described(desk: Desk) -> list[Described]:
    asked = (desk.threads.run(partial(describe, desk.settings, each)) for each in SERVICES)
    return list(await asyncio.gather(*asked))
