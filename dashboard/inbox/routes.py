"""`/inbox`: what needs somebody, by cause, and the buttons that mend it."""

from functools import partial
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from dashboard.changes import FAILURES, PLATES
from dashboard.desk import Desk, TheDesk
from dashboard.forms import form_of
from dashboard.inbox.cards import cards_of
from dashboard.inbox.causes import next_step_of
from dashboard.inbox.mending import waive, withdraw
from dashboard.inbox.reading import read_failures, read_inbox
from dashboard.quantities import moment
from labrelay.access.callers import Caller
from labrelay.contracts.failures import Failures
from labrelay.errors import LabrelayError, ServiceUnavailable
from labrelay.http.access import Calling
from labrelay.http.roles import Role, allow

PATH: Final = "/inbox"
LONGEST_REASON: Final = 300
router = APIRouter(prefix=PATH, include_in_schema=False)
twin = APIRouter(include_in_schema=False)


@router.get("", response_class=HTMLResponse)
@allow(Role.VIEWER)
async def show_inbox(desk: TheDesk, who: Calling) -> Response:
    """All groups, what is being mended, and what was accepted."""
    return await page_of(desk, who)


@twin.get("/inbox.json")
@allow(Role.VIEWER)
async def inbox_twin(desk: TheDesk) -> Failures:
    """The groups as JSON."""
    return await desk.threads.run(partial(read_failures, desk.client))


@router.post("/waive", response_class=HTMLResponse)
@allow(Role.OPERATOR)
async def accept(desk: TheDesk, request: Request, who: Calling) -> Response:
    """Accept a group's jobs as they are, if they are still those that the person saw."""
    form = await form_of(request)
    reason, count = form.get("reason", "")[:LONGEST_REASON], form.get("count", "")
    expected = int(count) if count.isdecimal() else 0
    return await tried(desk, who, partial(waive, desk.client, form.get("where", ""), expected, reason, who))


@router.post("/waivers/{number}/withdraw", response_class=HTMLResponse)
@allow(Role.OPERATOR)
async def take_back(desk: TheDesk, number: int, who: Calling) -> Response:
    """They need somebody after all."""
    return await tried(desk, who, partial(withdraw, desk.client, number, who))


async def tried(desk: Desk, who: Caller, act: Any) -> Response:
    """Do it and show the inbox; a refusal is explained above the groups, as they are now."""
    try:
        await desk.threads.run(act)
    except LabrelayError as trouble:
        return await page_of(desk, who, trouble)
    desk.hub.refresh(FAILURES, PLATES)
    return RedirectResponse(PATH, status_code=303)


async def page_of(desk: Desk, who: Caller, trouble: LabrelayError | None = None) -> HTMLResponse:
    """The page; without the repository it says so."""
    seq = desk.hub.seq
    line = desk.curl(f"{desk.client.base_url}/api/v2/failures")
    shown: dict[str, Any] = {"who": who, "seq": seq, "trouble": trouble, "curl": line, "moment": moment}
    try:
        found = await desk.threads.run(partial(read_inbox, desk.client))
    except ServiceUnavailable as away:
        return desk.pages.html("inbox/inbox.html", 503, found=None, cards=[], away=away, **shown)
    cards = cards_of(found.failures.items, found.tasks)
    status = trouble.status if trouble else 200
    return desk.pages.html("inbox/inbox.html", status, found=found, cards=cards, next_step_of=next_step_of, **shown)
