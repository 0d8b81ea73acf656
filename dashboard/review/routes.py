"""`/review`: the queue of images to judge, its twin, and the buttons that judge."""

import shlex
from functools import partial
from secrets import randbelow
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from dashboard.desk import Desk, TheDesk
from dashboard.forms import form_of
from dashboard.jobs.reading import read_tasks
from dashboard.review.address import PATH, ReviewAddress
from dashboard.review.reading import QUEUE, judge, read_page, read_queue
from dashboard.review.words import JUDGED, ORDERS, REASONS
from labrelay.access.callers import Caller
from labrelay.contracts.filters import FilterInvalid, JobFilter
from labrelay.contracts.reviews import Order, ReviewQueue
from labrelay.errors import LabrelayError, NotFound, RequestRefused, ServiceUnavailable
from labrelay.http.access import Calling
from labrelay.http.roles import Role, allow
from labrelay.words import _

router = APIRouter(include_in_schema=False)
LONGEST_REASON: Final = 300
JobId = Annotated[str, Path(max_length=36)]
SEEDS: Final = 1_000_000
EVERY: Final = ReviewAddress()


@router.get(PATH, response_class=HTMLResponse)
@allow(Role.VIEWER)
async def show_review(desk: TheDesk, request: Request, who: Calling) -> Response:
    """One image of the queue; a sample gets its lot, which then stands in the address."""
    pairs = request.query_params.multi_items()
    try:
        address = ReviewAddress.read(_with_filter(pairs))
    except FilterInvalid as trouble:
        return await _shown(desk, EVERY, who, trouble, typed=dict(pairs).get("where", ""))
    drawn = address.order is Order.RANDOM and not address.seed
    if drawn or "where" in dict(pairs):
        seed = 1 + randbelow(SEEDS) if drawn else address.seed
        lot = [*address.settings, ("seed", str(seed))] if drawn else address.settings
        return RedirectResponse(ReviewAddress.read(lot).url, status_code=303)
    return await _shown(desk, address, who)


def _with_filter(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """What a filled form means: its text of further conditions, read."""
    text = dict(pairs).get("where", "")
    return [*(pair for pair in pairs if pair[0] != "where"), *JobFilter.parse(text).pairs]


@router.get(f"{PATH}.json")
@allow(Role.VIEWER)
async def twin(desk: TheDesk, request: Request) -> ReviewQueue:
    """The same as JSON: the image, the one after it, and how many wait."""
    address = ReviewAddress.read(request.query_params.multi_items())
    return await desk.threads.run(partial(read_queue, desk.client, address))


@router.post(f"{PATH}/{{job_id}}/verdict", response_class=HTMLResponse)
@allow(Role.OPERATOR)
async def give_verdict(desk: TheDesk, request: Request, job_id: JobId, who: Calling) -> Response:
    """Judge an image, or take the judgement back (`undo`), then show the next; what isn't saved is told."""
    form = await form_of(request)
    address = _queue_of(form.get("back", "")).looking_at(job_id)
    try:
        onward = await desk.threads.run(partial(judge, desk.client, address, _body(form), who))
    except NotFound:
        raise
    except LabrelayError as trouble:
        return await _shown(desk, address, who, trouble)
    return RedirectResponse(address.url if form.get("undo") else onward.url, status_code=303)


def _body(form: dict[str, str]) -> dict[str, Any]:
    if "verdict" not in form:
        raise RequestRefused(_("The form says no verdict."))
    reason = (form.get("words") or form.get("reason", ""))[:LONGEST_REASON]
    seen = form.get("revision", "")
    revision = {"revision": int(seen)} if seen.isdecimal() and len(seen) < 18 else {}
    return {"verdict": form["verdict"], "reason": reason, **revision}


def _queue_of(back: str) -> ReviewAddress:
    """The queue that an address of this page names; all images where it can't be read."""
    try:
        return ReviewAddress.read(parse_qsl(urlsplit(back).query))
    except (FilterInvalid, ValueError):
        return EVERY


async def _shown(
    desk: Desk, address: ReviewAddress, who: Caller, trouble: LabrelayError | None = None, typed: str | None = None
) -> Response:
    seq, found, tasks, status = desk.hub.seq, None, {}, trouble.status if trouble else 200
    try:
        if typed is None:
            found = await desk.threads.run(partial(read_page, desk.client, address))
        tasks = await desk.threads.run(partial(read_tasks, desk.client))
    except ServiceUnavailable as away:
        trouble, status = trouble or away, 503
    wanted = address.wanted
    single = {name: values[0] for name, values in _single(wanted).items()}
    rest = JobFilter.of([pair for pair in wanted.pairs if pair[0] not in single]).text
    shown: dict[str, Any] = {"page": found, "queue": address, "tasks": tasks, "single": single}
    shown |= {"orders": ORDERS, "kinds": JUDGED, "reasons": REASONS, "typed": rest if typed is None else typed}
    return desk.pages.html(
        "review/review.html", status, who, seq=seq, trouble=trouble, lines=_lines(desk, address), **shown
    )


def _single(wanted: JobFilter) -> dict[str, tuple[str, ...]]:
    told = {name: getattr(wanted, name) for name in ("plate", "task", "instrument")}
    return {name: values for name, values in told.items() if len(values) == 1 and not wanted.well}


def _lines(desk: Desk, address: ReviewAddress) -> dict[str, str]:
    """The same from the shell."""
    query = urlencode([pair for pair in address.settings if pair[0] not in ("blind", "keys")])
    base = desk.client.base_url
    where = f" --where {shlex.quote(address.wanted.text)}" if address.wanted.pairs else ""
    return {
        "curl": desk.curl(f"{base}{QUEUE}{'?' if query else ''}{query}"),
        "judge": desk.curl(f"{base}/api/v2/jobs/{address.at or 'JOB'}/verdict", "PUT", {"verdict": "accept"}),
        "export": f"labrelay review export --to FOLDER{where}",
    }
