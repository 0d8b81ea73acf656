"""`/instruments`: each instrument with what is wrong with it; pause, drain, replace; alarms and who is told of them."""

from functools import partial
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from dashboard.changes import ALARMS, INSTRUMENTS, PAUSES
from dashboard.desk import Desk, TheDesk
from dashboard.forms import form_of, lists_of, own_path
from dashboard.instruments.reading import document, read_room
from dashboard.instruments.rules import DAY_WORDS, UNIT_WORDS, rule_of, target_of, typed_span
from dashboard.instruments.summary import LONGEST_REASON
from labrelay.access.callers import Caller
from labrelay.access.roles import suffices
from labrelay.contracts.alarms import ChannelName
from labrelay.errors import LabrelayError, NotFound, ServiceUnavailable
from labrelay.http.access import Calling, on_behalf
from labrelay.http.roles import Role, allow
from labrelay.words import N_

router = APIRouter(include_in_schema=False)
PAGE: Final = "/instruments"
RULES: Final = "/api/v2/alarms/rules"
CHANNEL_WORDS: Final = {"webhook": N_("Webhook"), "email": N_("E-mail"), "mqtt": N_("MQTT")}
EVENT_WORDS: Final = {"raised": N_("Alarm raised"), "cleared": N_("Alarm over"), "test": N_("Test")}
STATE_WORDS: Final = {"sent": N_("sent"), "waiting": N_("is tried again"), "failed": N_("did not go out")}


@router.get(PAGE, response_class=HTMLResponse)
@allow(Role.VIEWER)
async def show_instruments(desk: TheDesk, who: Calling, tested: Annotated[int, Query(ge=0)] = 0) -> Response:
    """The page; without the repository it says so."""
    return await _page(desk, who, tested=tested)


@router.get(f"{PAGE}.json")
@allow(Role.VIEWER)
async def instruments_twin(desk: TheDesk) -> dict[str, Any]:
    """The page as JSON."""
    return document(await desk.threads.run(partial(read_room, desk.client, deliveries=False)))


@router.post(f"{PAGE}/{{instrument}}/replace", response_class=HTMLResponse)
@allow(Role.ADMIN)
async def replace_instrument(desk: TheDesk, instrument: str, who: Calling) -> Response:
    """Give the name free: the next PC that calls under it holds it."""
    path = f"/api/v2/instruments/{quote(instrument, safe='')}/installation"
    await desk.threads.run(partial(desk.client.delete, path, headers=_headers(who)))
    desk.hub.refresh(INSTRUMENTS)
    return RedirectResponse(PAGE, status_code=303)


@router.post(f"{PAGE}/{{instrument}}/{{act}}", response_class=HTMLResponse)
@allow(Role.OPERATOR)
async def hold_instrument(
    desk: TheDesk,
    request: Request,
    instrument: str,
    act: Literal["pause", "resume", "drain", "undrain"],
    who: Calling,
) -> Response:
    """Pause or drain an instrument, or let it go on, then show the page again; other open pages are told to look."""
    form = await form_of(request)
    reason = form.get("reason", "")[:LONGEST_REASON]
    if act in ("pause", "resume"):
        paused = act == "pause"
        told = partial(desk.repository.pause, instrument, paused=paused, reason=reason if paused else "", who=who)
    else:
        body = {"draining": act == "drain", "reason": reason if act == "drain" else "", "by": who.actor("dashboard")}
        path = f"/api/v2/instruments/{quote(instrument, safe='')}/drain"
        told = partial(desk.client.put, path, body, headers=on_behalf(who))
    await desk.threads.run(told)
    desk.hub.refresh(PAUSES, INSTRUMENTS)
    return RedirectResponse(own_path(form.get("back", "/")), status_code=303)


@router.post("/alarms/rules", response_class=HTMLResponse)
@allow(Role.OPERATOR)
async def change_rule(desk: TheDesk, request: Request, who: Calling) -> Response:
    """Set a rule, or let it go; what is wrong with it is said on the page."""
    form = await lists_of(request)
    try:
        await desk.threads.run(partial(_change, desk, form, who))
    except LabrelayError as trouble:
        return await _page(desk, who, trouble=trouble)
    desk.hub.refresh(INSTRUMENTS, ALARMS)
    return RedirectResponse(f"{PAGE}#{'alarms' if not form.get('instrument') else 'cards'}", status_code=303)


@router.post("/alarms/{number}/acknowledge", response_class=HTMLResponse)
@allow(Role.OPERATOR)
async def acknowledge(desk: TheDesk, request: Request, number: Annotated[int, Path(ge=1)], who: Calling) -> Response:
    """Say that somebody looks after an alarm."""
    form = await form_of(request)
    body = {"reason": form.get("reason", "")[:LONGEST_REASON], "by": who.actor("dashboard")}
    path = f"/api/v2/alarms/{number}/acknowledge"
    await desk.threads.run(partial(desk.client.post, path, body, headers=on_behalf(who)))
    desk.hub.refresh(ALARMS)
    return RedirectResponse(own_path(form.get("back", PAGE)), status_code=303)


@router.post("/alarms/channels/{name}/test", response_class=HTMLResponse)
@allow(Role.OPERATOR)
async def test_channel(desk: TheDesk, name: ChannelName, who: Calling) -> Response:
    """Send a test message, then tell what became of it."""
    path = f"/api/v2/alarms/channels/{name}/test"
    told = await desk.threads.run(partial(desk.client.post, path, headers=_headers(who), read_s=60.0))
    return RedirectResponse(f"{PAGE}?tested={int(told['number'])}#channels", status_code=303)


def _change(desk: Desk, form: dict[str, list[str]], who: Caller) -> None:
    if (form.get("act") or [""])[-1] != "remove":
        body = {"rule": rule_of(form).model_dump(mode="json"), "by": who.actor("dashboard")}
        desk.client.put(RULES, body, headers=on_behalf(who))
        return
    kind, instrument = target_of(form)
    try:
        query = {"instrument": instrument} if instrument else None
        desk.client.delete(f"{RULES}/{kind}", params=query, headers=_headers(who))
    except NotFound:  # somebody else was quicker
        return


async def _page(desk: Desk, who: Caller, **found: Any) -> Response:
    seq = desk.hub.seq
    line = desk.curl(f"{desk.client.base_url}/api/v2/instruments/reports")
    shown: dict[str, Any] = {"who": who, "seq": seq, "curl": line, "trouble": found.get("trouble"), "back": PAGE}
    try:
        room = await desk.threads.run(partial(read_room, desk.client, deliveries=who.may_act))
    except ServiceUnavailable as away:
        return desk.pages.html("instruments/instruments.html", 503, room=None, away=away, **shown)
    words = {"channel_words": CHANNEL_WORDS, "event_words": EVENT_WORDS, "state_words": STATE_WORDS}
    shown |= {"may_replace": suffices(who.role, (Role.ADMIN,)), "days": DAY_WORDS, "units": UNIT_WORDS, **words}
    shown |= {"typed_span": typed_span, "tested": _tested(room, found.get("tested") or 0), "alarms": room.alarms}
    status = found["trouble"].status if found.get("trouble") else 200
    return desk.pages.html("instruments/instruments.html", status, room=room, away=None, **shown)


def _tested(room: Any, number: int) -> Any:
    return next((each for each, _at in room.deliveries if each.number == number and each.event == "test"), None)


def _headers(who: Caller) -> dict[str, str]:
    return {**on_behalf(who), "X-Labrelay-Actor": who.actor("dashboard")}
