"""Acts on many jobs: the preview, the act, how far it has come."""

from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from dashboard.bulk.reading import Wish, preview, read_action, read_items, read_newest, run, stop
from dashboard.bulk.words import MEANS, OUTCOMES, STATES, TITLES
from dashboard.desk import Desk, TheDesk
from dashboard.forms import lists_of, own_path
from dashboard.quantities import moment
from dashboard.states import WORDS
from labrelay.contracts.actions import Action, Outcome
from labrelay.contracts.filters import FilterInvalid
from labrelay.errors import RequestRefused
from labrelay.http.access import Calling
from labrelay.http.roles import Role, allow
from labrelay.words import _, ngettext

PATH: Final = "/jobs/bulk"
LONGEST_REASON: Final = 500
FEW_IDS: Final = 2
router = APIRouter(prefix=PATH, include_in_schema=False)


@router.get("", response_class=HTMLResponse)
@allow(Role.VIEWER)
async def show_acts(desk: TheDesk, who: Calling) -> Response:
    """Acts and previews, newest first."""
    seq, found = desk.hub.seq, await desk.threads.run(partial(read_newest, desk.client))
    return desk.pages.html("bulk/list.html", who=who, found=found, seq=seq, **_words())


@router.post("", response_class=HTMLResponse)
@allow(Role.OPERATOR)
async def make_preview(desk: TheDesk, request: Request, who: Calling) -> Response:
    """Look at what an act would do; its jobs are frozen, and the page that shows them can be reloaded at will."""
    form = await lists_of(request)
    wish = Wish(_one(form, "action"), _one(form, "scope"), tuple(form.get("job", ())), _one(form, "where"))
    try:
        found = await desk.threads.run(partial(preview, desk.client, wish, who))
    except (FilterInvalid, RequestRefused) as trouble:
        back = own_path(_one(form, "back") or "/jobs")
        return desk.pages.html("bulk/refused.html", trouble.status, who, trouble=trouble, back=back, seq=desk.hub.seq)
    return RedirectResponse(f"{PATH}/{found.id}", status_code=303)


@router.get("/{action_id}.json")
@allow(Role.VIEWER)
async def tell_act(desk: TheDesk, action_id: str) -> dict[str, Any]:
    """One act as JSON."""
    found = await desk.threads.run(partial(read_action, desk.client, action_id))
    return found.model_dump(mode="json")


@router.get("/{action_id}", response_class=HTMLResponse)
@allow(Role.VIEWER)
async def show_act(
    desk: TheDesk,
    action_id: str,
    who: Calling,
    outcome: Outcome | None = None,
    after: Annotated[int, Query(ge=-1, lt=1 << 63)] = -1,
) -> Response:
    """A preview, or how far an act has come, job by job."""
    seq, found = desk.hub.seq, await desk.threads.run(partial(read_action, desk.client, action_id))
    items = await desk.threads.run(partial(read_items, desk.client, action_id, outcome, after))
    began = moment(found.started_ns or found.created_ns)
    lines = _lines(desk, found)
    page: dict[str, Any] = {
        "found": found,
        "items": items,
        "outcome": outcome,
        "after": after,
        "began": began,
        "lines": lines,
    }
    page["chosen"] = _chosen(found)
    return desk.pages.html("bulk/act.html", who=who, seq=seq, **page, **_words())


@router.post("/{action_id}/run", response_class=HTMLResponse)
@allow(Role.OPERATOR)
async def begin(desk: TheDesk, request: Request, action_id: str, who: Calling) -> Response:
    """Do it to exactly the jobs that the preview showed."""
    reason = _one(await lists_of(request), "reason")[:LONGEST_REASON]
    await desk.threads.run(partial(run, desk.client, action_id, reason, who))
    return RedirectResponse(f"{PATH}/{action_id}", status_code=303)


@router.post("/{action_id}/stop", response_class=HTMLResponse)
@allow(Role.OPERATOR)
async def end(desk: TheDesk, action_id: str, who: Calling) -> Response:
    """Leave alone the jobs that it hasn't come to."""
    await desk.threads.run(partial(stop, desk.client, action_id, who))
    return RedirectResponse(f"{PATH}/{action_id}", status_code=303)


def _chosen(found: Action) -> str:
    """Which jobs, in words; of ticked ones, whose ids nobody reads, only how many."""
    ids = [word for word in found.where.split() if word.startswith("job=")]
    if len(ids) <= FEW_IDS:
        return _("Jobs with {where}.").format(where=found.where)
    return ngettext("{count} ticked job.", "{count} ticked jobs.", len(ids)).format(count=len(ids))


def _words() -> dict[str, Any]:
    return {
        "titles": TITLES,
        "means": MEANS,
        "states": STATES,
        "outcomes": OUTCOMES,
        "stage_words": WORDS,
        "moment": moment,
    }


def _lines(desk: Desk, found: Action) -> dict[str, str]:
    place = f"{desk.client.base_url}/api/v2/actions/{found.id}"
    if found.state == "previewed":
        return {"curl": desk.curl(f"{place}/run", "POST"), "command": f"labrelay action run {found.id[:8]}"}
    return {"curl": desk.curl(place), "command": f"labrelay action show {found.id[:8]}"}


def _one(form: dict[str, list[str]], name: str) -> str:
    return form.get(name, [""])[-1]
