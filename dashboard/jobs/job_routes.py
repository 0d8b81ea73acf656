"""The page of one job, acts on it, and its outputs."""

from functools import partial
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Header, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from dashboard.bulk.words import ONE_MEANS, TITLES
from dashboard.desk import Desk, TheDesk
from dashboard.forms import form_of
from dashboard.jobs.job_page import page_of
from dashboard.jobs.job_reading import act, judge, read_job
from dashboard.jobs.verdicts import GIVEN, VERDICTS
from dashboard.pages import SAFE
from dashboard.pictures import headers_of, media_type
from labrelay.access.callers import Caller
from labrelay.contracts.jobs import Job
from labrelay.errors import LabrelayError, NotFound, ServiceUnavailable
from labrelay.http.access import Calling
from labrelay.http.roles import Role, allow
from labrelay.words import _

LONGEST_REASON: Final = 500
router = APIRouter(prefix="/jobs/{job_id}", include_in_schema=False)


@router.get(".json")
@allow(Role.VIEWER)
async def tell_job(desk: TheDesk, job_id: str, who: Calling) -> dict[str, Any]:
    """One job in full, as JSON."""
    told = await desk.threads.run(partial(read_job, desk.client, desk.sender, job_id, who))
    return {
        "job": told.job.model_dump(mode="json"),
        "phases": told.phases.model_dump(mode="json"),
        "timeline": told.events,
        "review": told.review.model_dump(mode="json"),
        "provenance": told.sidecar or None,
    }


@router.get("", response_class=HTMLResponse)
@allow(Role.VIEWER)
async def show_job(desk: TheDesk, job_id: str, who: Calling) -> Response:
    """One job in full."""
    return await _page(desk, job_id, who)


@router.post("/{action}", response_class=HTMLResponse)
@allow(Role.OPERATOR)
async def act_on_job(
    desk: TheDesk, request: Request, job_id: str, action: Literal["retry", "reprocess", "cancel"], who: Calling
) -> Response:
    """Retry, reprocess or cancel it, then show it; a refusal is explained on its page."""
    reason = (await form_of(request)).get("reason", "")[:LONGEST_REASON]
    return await _acted(desk, job_id, who, partial(act, desk.client, job_id, action, reason, who))


@router.post("/verdict/{verdict}", response_class=HTMLResponse)
@allow(Role.OPERATOR)
async def judge_job(
    desk: TheDesk,
    request: Request,
    job_id: str,
    verdict: Literal["accept", "reject", "unsure", "none"],
    who: Calling,
) -> Response:
    """Say what you think of the result, or take that back."""
    reason = (await form_of(request)).get("reason", "")[:LONGEST_REASON]
    given = "" if verdict == "none" else verdict
    return await _acted(desk, job_id, who, partial(judge, desk.client, job_id, given, reason, who))


@router.get("/outputs/{index}", response_class=Response)
@allow(Role.VIEWER)
async def show_output(
    desk: TheDesk, job_id: str, index: int, v: str = "", if_none_match: Annotated[str, Header()] = ""
) -> Response:
    """One output: a picture to look at, anything else to save."""
    job: Job = await desk.threads.run(partial(desk.repository.job, job_id))
    if not 0 <= index < len(job.outputs):
        raise NotFound(_("Job {job} has no output {number}.").format(job=job_id, number=index))
    output = job.outputs[index]
    headers = {**SAFE, **headers_of(output, v)}
    if f'"{output.sha256}"' in if_none_match:
        return Response(status_code=304, headers={k: v for k, v in headers.items() if k != "Content-Length"})
    stream = await desk.pictures.open(job_id, index)
    return StreamingResponse(stream, headers=headers, media_type=media_type(output.name) or "application/octet-stream")


async def _acted(desk: Desk, job_id: str, who: Caller, call: partial[None]) -> Response:
    try:
        await desk.threads.run(call)
    except (NotFound, ServiceUnavailable):
        raise
    except LabrelayError as trouble:
        return await _page(desk, job_id, who, trouble)
    return RedirectResponse(f"/jobs/{job_id}", status_code=303)


async def _page(desk: Desk, job_id: str, who: Caller, trouble: LabrelayError | None = None) -> HTMLResponse:
    seq = desk.hub.seq
    page = page_of(await desk.threads.run(partial(read_job, desk.client, desk.sender, job_id, who)))
    status = trouble.status if trouble else 200
    place = f"{desk.client.base_url}/api/v2/jobs/{page.row.id}"
    lines = {"curl": desk.curl(place), "command": f"labrelay jobs --where job={page.row.id}"}
    act_lines = {name: _line(desk, f"{place}/{name}", name, page.row.id) for name in page.acts}
    words: dict[str, Any] = {"titles": TITLES, "one_means": ONE_MEANS, "verdicts": VERDICTS, "given": GIVEN}
    return desk.pages.html(
        "jobs/job.html", status, who, page=page, lines=lines, act_lines=act_lines, seq=seq, trouble=trouble, **words
    )


def _line(desk: Desk, url: str, action: str, job_id: str) -> dict[str, str]:
    return {"curl": desk.curl(url, "POST", {"reason": ""}), "command": f"labrelay {action} {job_id[:8]}"}
