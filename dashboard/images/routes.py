"""`/images/{job}`: the image page, its twins, its samples, and the button that takes an object out of the count."""

from functools import partial
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, FastAPI, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from dashboard.desk import Desk, TheDesk
from dashboard.forms import form_of, own_path
from dashboard.images.reading import Images
from dashboard.images.relay import Relay
from dashboard.images.table import file_rows, table_of
from dashboard.tables import Sheet, about, csv_of, download, xlsx_of
from labrelay.access.callers import LOCAL, Caller
from labrelay.contracts.planes import MOST_SAMPLES, Objects, Planes
from labrelay.errors import LabrelayError, NotFound, RequestRefused
from labrelay.http import Client
from labrelay.http.access import Calling
from labrelay.http.roles import Role, allow
from labrelay.words import _

router = APIRouter(prefix="/images", include_in_schema=False)
LONGEST_REASON: Final = 300
JobId = Annotated[str, Path(max_length=64)]
Page = Annotated[int, Query(ge=1, le=100_000)]


def add_to(app: FastAPI, desk: Desk) -> None:
    """Add this page."""
    viewing = Client.of(desk.settings, "registry", retries=1)
    app.state.images = Images(desk.client, viewing)
    app.state.relay = Relay(viewing, desk.threads)
    app.include_router(router)


def _images(request: Request) -> Images:
    images: Images = request.app.state.images
    return images


@router.get("/{job_id}.json")
@allow(Role.VIEWER)
async def twin(desk: TheDesk, request: Request, job_id: JobId) -> dict[str, Any]:
    """The same as JSON: the count as it was found and corrected, the objects that don't count, the plate around."""
    page = await desk.threads.run(partial(_images(request).page, job_id))
    around = page.neighbours
    return {
        "job": page.job.id,
        "file": page.job.source.path,
        "plate": around.plate,
        "well": around.well,
        "result": page.job.report.results if page.job.report else "",
        "found": page.review.found,
        "corrected_count": page.review.corrected_count,
        "review": page.review.model_dump(mode="json"),
        "picture": page.picture,
        "previous": around.previous.job if around.previous else None,
        "next": around.next.job if around.next else None,
        "objects": page.objects.model_dump(mode="json") if page.objects else None,
    }


@router.get("/{job_id}/planes")
@allow(Role.VIEWER)
async def planes(desk: TheDesk, request: Request, job_id: JobId) -> Planes:
    """What can be looked at."""
    path = f"/api/v2/jobs/{quote(job_id, safe='')}/planes"
    told = await desk.threads.run(partial(_images(request).viewing.get, path))
    return Planes.model_validate(told, extra="ignore")


@router.get("/{job_id}/planes/{number}", response_class=StreamingResponse)
@allow(Role.VIEWER)
async def plane(request: Request, job_id: JobId, number: int) -> Response:
    """One plane's samples."""
    relay: Relay = request.app.state.relay
    return await relay.pass_on(job_id, f"planes/{number}", request)


@router.get("/{job_id}/labels", response_class=StreamingResponse)
@allow(Role.VIEWER)
async def labels(request: Request, job_id: JobId) -> Response:
    """The mask's samples."""
    relay: Relay = request.app.state.relay
    return await relay.pass_on(job_id, "labels", request)


@router.get("/{job_id}/objects.json")
@allow(Role.VIEWER)
async def objects(desk: TheDesk, request: Request, job_id: JobId) -> Objects:
    """The table of objects, column by column."""
    return await desk.threads.run(partial(_images(request).objects, job_id))


@router.get("/{job_id}/objects.{kind}", response_class=StreamingResponse)
@allow(Role.VIEWER)
async def save_objects(desk: TheDesk, request: Request, job_id: JobId, kind: str) -> Response:
    """All objects for a spreadsheet, with whether each counts."""
    if kind not in ("csv", "xlsx"):
        raise NotFound(
            _("There is no {kind} of this table.").format(kind=kind), next_step=_("Ask for .csv, .xlsx or .json.")
        )
    images = _images(request)
    found = await desk.threads.run(partial(images.objects, job_id))
    review = await desk.threads.run(partial(images.review, job_id))
    rows = file_rows(found, review)
    name = f"{found.name.rpartition('.')[0]}_reviewed.{kind}"
    if kind == "csv":
        return await download(desk.threads, name, csv_of(rows))
    facts = [("found", review.found), ("corrected_count", review.corrected_count)]
    sheets = [Sheet(_("Objects"), [str(each) for each in next(rows)], rows), about(str(request.url), lambda: facts)]
    return await download(desk.threads, name, xlsx_of(sheets))


@router.get("/{job_id}", response_class=HTMLResponse)
@allow(Role.VIEWER)
async def show_image(desk: TheDesk, request: Request, job_id: JobId, who: Calling, rows: Page = 1) -> Response:
    """One image."""
    return await _shown(desk, request, job_id, who, rows)


@router.post("/{job_id}/exclusions", response_class=HTMLResponse)
@allow(Role.OPERATOR)
async def exclude(desk: TheDesk, request: Request, job_id: JobId, who: Calling) -> Response:
    """Take an object out of the count (`exclude`) or back in (`include`), then show the image; no reason is needed."""
    form = await form_of(request)
    try:
        change = _change(form)
        reason = form.get("reason", "")[:LONGEST_REASON]
        await desk.threads.run(partial(_images(request).exclude, job_id, change, reason, who))
    except NotFound:
        raise
    except LabrelayError as trouble:
        return await _shown(desk, request, job_id, who, 1, trouble)
    return RedirectResponse(own_path(form.get("back", f"/images/{job_id}")), status_code=303)


def _change(form: dict[str, str]) -> Any:
    act = "include" if "include" in form else "exclude"
    try:
        label = {int(form.get(act, ""))}
    except ValueError as error:
        raise RequestRefused(_("The form names no object.")) from error
    return (lambda held: held - label) if act == "include" else (lambda held: held | label)


async def _shown(
    desk: Desk, request: Request, job_id: str, who: Caller = LOCAL, rows: int = 1, trouble: LabrelayError | None = None
) -> Response:
    seq = desk.hub.seq
    page = await desk.threads.run(partial(_images(request).page, job_id))
    path = f"{desk.client.base_url}/api/v2/jobs/{page.job.id}"
    excluded = {"objects": [each.object for each in page.review.excluded]}
    told = {
        "page": page,
        "table": table_of(page.objects, page.review, rows) if page.objects and page.objects.count else None,
        "most_samples": MOST_SAMPLES,
        "curl": desk.curl(f"{_images(request).viewing.base_url}/api/v2/jobs/{page.job.id}/planes"),
        "curl_exclude": desk.curl(f"{path}/exclusions", "PUT", excluded),
    }
    status = trouble.status if trouble else 200
    return desk.pages.html("images/image.html", status, who, trouble=trouble, seq=seq, **told)
