"""`/plates`: the list, a plate's map and table, several plates on one scale, wells, and images without a plate."""

from dataclasses import replace
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from dashboard.desk import Desk, TheDesk
from dashboard.plates.cards import card_of, document_of
from dashboard.plates.listing import csv_rows, sheets_of, table_of, twin_of
from dashboard.plates.looks import WELL_LOOKS
from dashboard.plates.page import PlatePicture, picture_of
from dashboard.plates.reading import (
    MOST_COMPARED,
    api_path,
    read_images,
    read_plates,
    read_several,
    read_wells,
)
from dashboard.plates.scales import BOUNDS, COLOURS, SCALES
from dashboard.plates.selection import MOST_WELLS, chosen_of, text_of, where_of
from dashboard.plates.unplated import read_unplated, state_of_image
from dashboard.plates.view import TABLE, PlateView
from dashboard.quantities import moment
from dashboard.states import WORDS
from dashboard.tables import csv_of, download, xlsx_of
from labrelay.contracts.wells import STATE_LETTERS
from labrelay.errors import NotFound
from labrelay.http.access import Calling
from labrelay.http.roles import Role, allow
from labrelay.words import _

PATH: Final = "/plates"
router = APIRouter(prefix=PATH, include_in_schema=False)


@router.get("", response_class=HTMLResponse)
@allow(Role.VIEWER)
async def show_plates(desk: TheDesk, who: Calling, name: str = "", after: str = "") -> Response:
    """Plates, newest first, each with a small map."""
    seq, asked = desk.hub.seq, name.strip()[:200]
    found = await desk.threads.run(partial(read_plates, desk.client, asked, _number(after)))
    cards = [card_of(each) for each in found.cards]
    told: dict[str, Any] = {"cards": cards, "name": asked, "after": after, "next": found.next, "seq": seq}
    curl_line = _line(desk, "/api/v2/plates" + (f"?name={quote(asked)}" if asked else ""))
    return desk.pages.html("plates/list.html", who=who, curl=curl_line, **told)


@router.get(".json")
@allow(Role.VIEWER)
async def tell_plates(desk: TheDesk, name: str = "", after: str = "") -> dict[str, Any]:
    """The same list as JSON."""
    found = await desk.threads.run(partial(read_plates, desk.client, name.strip()[:200], _number(after)))
    return {"plates": [document_of(card_of(each)) for each in found.cards], "next": found.next}


@router.get("/unplated", response_class=HTMLResponse)
@allow(Role.VIEWER)
async def show_unplated(desk: TheDesk, request: Request, who: Calling, after: str = "") -> Response:
    """Images that belong to no plate, by day and folder."""
    seq, view = desk.hub.seq, PlateView.read(request.query_params.multi_items())
    found = await desk.threads.run(partial(read_unplated, desk.client, view, after))
    told: dict[str, Any] = {"found": found, "view": view, "after": after, "seq": seq, **_choices()}
    curl_line = _line(desk, "/api/v2/plates/unplated")
    return desk.pages.html("plates/unplated.html", who=who, curl=curl_line, **told)


@router.get("/unplated.json")
@allow(Role.VIEWER)
async def tell_unplated(desk: TheDesk, request: Request, after: str = "") -> dict[str, Any]:
    """The same as JSON."""
    view = PlateView.read(request.query_params.multi_items())
    found = await desk.threads.run(partial(read_unplated, desk.client, view, after))
    runs = [
        {"day": run.day, "folder": run.folder, "images": [tile.model_dump(mode="json") for _, tile, _ in run.images]}
        for run in found.runs
    ]
    return {"layer": found.layer.key, "runs": runs, "next": found.next}


@router.get("/compare", response_class=HTMLResponse)
@allow(Role.VIEWER)
async def compare(desk: TheDesk, request: Request, who: Calling) -> Response:
    """Several plates side by side; on one scale unless another is asked for."""
    seq, view = desk.hub.seq, _compared(request)
    plates = await desk.threads.run(partial(read_plates, desk.client, "", None))
    found = await desk.threads.run(partial(read_several, desk.client, view))
    pictures = [picture_of(each, view, found) for each in found]
    told: dict[str, Any] = {
        "pictures": pictures,
        "plates": [each.plate for each in plates.cards],
        "view": view,
        "most": MOST_COMPARED,
    }
    return desk.pages.html("plates/compare.html", who=who, seq=seq, **told, **_choices())


@router.get("/compare.json")
@allow(Role.VIEWER)
async def tell_compared(desk: TheDesk, request: Request) -> dict[str, Any]:
    """The same as JSON."""
    view = _compared(request)
    found = await desk.threads.run(partial(read_several, desk.client, view))
    return {"plates": [twin_of(picture_of(each, view, found)) for each in found]}


@router.get("/{plate}.json")
@allow(Role.VIEWER)
async def tell_plate(desk: TheDesk, request: Request, plate: str) -> dict[str, Any]:
    """A plate's page as JSON."""
    return twin_of(await _picture(desk, request, plate))


@router.get("/{plate}.csv", response_class=StreamingResponse)
@allow(Role.VIEWER)
async def save_csv(desk: TheDesk, request: Request, plate: str) -> Response:
    """All wells as CSV."""
    found = (await _picture(desk, request, plate)).found
    return await download(desk.threads, f"{found.plate.plate}.csv", csv_of(csv_rows(found)))


@router.get("/{plate}.xlsx", response_class=StreamingResponse)
@allow(Role.VIEWER)
async def save_xlsx(desk: TheDesk, request: Request, plate: str) -> Response:
    """The plate as a workbook: a grid of the plate for each measurement."""
    picture = await _picture(desk, request, plate)
    chunks = xlsx_of(sheets_of(picture, str(request.url)))
    return await download(desk.threads, f"{picture.found.plate.plate}.xlsx", chunks)


@router.get("/{plate}", response_class=HTMLResponse)
@allow(Role.VIEWER)
async def show_plate(desk: TheDesk, request: Request, plate: str, who: Calling) -> Response:
    """A plate's map, or its wells as a table."""
    seq, picture = desk.hub.seq, await _picture(desk, request, plate)
    table = table_of(picture) if picture.view.show == TABLE else None
    told: dict[str, Any] = {
        "picture": picture,
        "view": picture.view,
        "table": table,
        "seq": seq,
        **_chosen(picture),
        **_choices(),
    }
    curl_line = _line(desk, api_path(picture.found.plate.id, picture.view))
    return desk.pages.html("plates/plate.html", who=who, curl=curl_line, **told)


def _line(desk: Desk, path: str) -> str:
    return desk.curl(f"{desk.client.base_url}{path}")


@router.get("/{plate}/images.json")
@allow(Role.VIEWER)
async def tell_images(desk: TheDesk, request: Request, plate: str) -> dict[str, Any]:
    """Each well's images by the beginnings of their jobs' ids, for elements that keep a map true."""
    picture = await _picture(desk, request, plate)
    found = await desk.threads.run(partial(read_images, desk.client, picture.found.plate.id))
    wells: dict[str, dict[str, Any]] = {
        each.well: {"due": each.expected or 0, "missing": each.state.value == "missing", "images": {}}
        for each in picture.found.wells
    }
    for image in found.items:
        if image.task in (picture.found.task, "") and image.well in wells:
            wells[image.well]["images"][image.job[:8]] = [STATE_LETTERS[state_of_image(image)], image.count]
    return {"seq": found.seq, "wells": wells}


@router.get("/{plate}/wells/{well}", response_class=HTMLResponse)
@allow(Role.VIEWER)
async def show_well(desk: TheDesk, plate: str, well: str, who: Calling) -> Response:
    """The images of a well; the only one at once."""
    seq = desk.hub.seq
    found = await desk.threads.run(partial(read_images, desk.client, plate, [well[:64]]))
    if len(found.items) == 1:
        return RedirectResponse(f"/jobs/{found.items[0].job}", status_code=303)
    whole = await desk.threads.run(partial(read_wells, desk.client, plate, PlateView()))
    rows = [(each, state_of_image(each), moment(each.updated_ns)) for each in found.items]
    told: dict[str, Any] = {"plate": whole.plate, "well": well, "rows": rows, "seq": seq, "words": WORDS, **_choices()}
    known = next((each for each in whole.wells if each.well == well), None)
    if known is None and not chosen_of(well, whole.rows, whole.columns):
        words = _("The plate {plate} has no well {well}.").format(plate=whole.plate.plate, well=well[:64])
        raise NotFound(words, next_step=_("Choose one on its map."))
    expected = known.expected if known else None
    return desk.pages.html("plates/well.html", who=who, expected=expected, **told)


async def _picture(desk: Desk, request: Request, plate: str) -> PlatePicture:
    view = PlateView.read(request.query_params.multi_items())
    return picture_of(await desk.threads.run(partial(read_wells, desk.client, plate, view)), view)


def _number(text: str) -> int | None:
    """Where an older page begins; what is no number begins with the newest."""
    return int(text[:18]) if text.isdecimal() else None


def _chosen(picture: PlatePicture) -> dict[str, Any]:
    plate, wells = picture.found.plate.id, picture.chosen
    size = picture.board.wells
    told = {"sel": text_of(wells), "where": where_of(plate, wells, size), "every": where_of(plate, (), size)}
    return {**told, "most_wells": MOST_WELLS}


def _compared(request: Request) -> PlateView:
    """Plates are compared on one scale unless somebody chose another."""
    view = PlateView.read(request.query_params.multi_items())
    return view if "scale" in request.query_params else replace(view, scale="all")


def _choices() -> dict[str, Any]:
    return {"colours": COLOURS, "scales": SCALES, "bounds": BOUNDS, "well_looks": WELL_LOOKS}
