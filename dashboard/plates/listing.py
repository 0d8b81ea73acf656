"""A plate's wells as rows: the sortable table beside the map, and the files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from dashboard.plates.layers import ARRIVAL, FLAGS, measured_keys, title_of, values_of
from dashboard.plates.looks import WELL_LOOKS
from dashboard.plates.page import PlatePicture
from dashboard.plates.scales import number_of
from dashboard.tables import Cell, Row, Sheet, about
from labrelay.contracts.states import Stage
from labrelay.contracts.wells import PlateWells, Well
from labrelay.plates.wells import Well as Place
from labrelay.words import N_, _

PAGE: Final = 200
FIXED: Final = {
    "well": N_("Well"),
    "state": N_("State"),
    "arrived": N_("Images"),
    "expected": N_("Expected"),
    "done": N_("Done"),
    "failed": N_("Failed"),
    "accepted": N_("Accepted as missing"),
    "flagged": N_("Flagged images"),
}
NS: Final = 1_000_000_000


@dataclass(frozen=True)
class WellTable:
    """One page of a plate's wells in an order.

    Attributes:
        columns: keys and titles.
        rows: the wells, each with its texts.
        pages: how many there are.
    """

    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Well, tuple[str, ...]], ...]
    page: int
    pages: int


def table_of(picture: PlatePicture) -> WellTable:
    """The page of the table that the view asks for."""
    found, view = picture.found, picture.view
    columns = {**{key: _(title) for key, title in FIXED.items()}, **_measured(found)}
    sort = view.sort if view.sort in columns else "well"
    wells = sorted(enumerate(found.wells), key=lambda each: _sorting(found, each, sort), reverse=view.down)
    pages = max(1, -(-len(wells) // PAGE))
    page = min(view.page, pages)
    shown = [well for _, well in wells][(page - 1) * PAGE : page * PAGE]
    rows = tuple((well, tuple(_text(cell) for cell in _cells(well, translated=True))) for well in shown)
    return WellTable(tuple(columns.items()), rows, page, pages)


def csv_rows(found: PlateWells) -> Iterator[Row]:
    """All wells, for a file: names of columns as the API has them."""
    yield ("plate", "well", "row", "column", *list(FIXED)[1:], "first_image", *measured_keys(found), "qc_flags")
    for well in found.wells:
        flags = "; ".join(f"{flag} ({count})" for flag, count in well.flags.items())
        where = (found.plate.plate, well.well, well.row or None, well.column or None)
        fixed, measured = _cells(well)[1 : len(FIXED)], _cells(well)[len(FIXED) :]
        yield (*where, *fixed, _moment(well.first_ns), *measured, flags)


def sheets_of(picture: PlatePicture, address: str) -> Iterator[Sheet]:
    """A workbook: one grid of the plate for each measurement, the states, a list of all wells, and what it all is."""
    found = picture.found
    for key, name in measured_keys(found).items():
        yield _grid(found, title_of(name), values_of(found, key))
    yield _grid(found, _("Status"), {each.well: _state(each) for each in found.wells})
    for key in (FLAGS, ARRIVAL):
        if key in picture.layers:
            yield _grid(found, picture.layers[key].title, values_of(found, key))
    head, *rows = csv_rows(found)
    yield Sheet(_("Wells"), [str(cell) for cell in head], rows)
    yield about(address, lambda: _facts(picture))


def twin_of(picture: PlatePicture) -> dict[str, Any]:
    """The page as JSON."""
    scale = picture.scale
    return {
        "sentence": picture.sentence,
        "layer": picture.layer.key,
        "layers": {each.key: each.title for each in picture.layers.values()},
        "scale": {"low": scale.low, "high": scale.high, "colours": picture.view.colours} if scale else None,
        "values": picture.values,
        "looks": {cell.well: cell.look for _, cells in picture.board.rows for cell in cells},
        "effects": [each.sentence for each in picture.effects],
        "z_prime": picture.controls.z_prime if picture.controls else None,
        **picture.found.model_dump(mode="json"),
    }


def _measured(found: PlateWells) -> dict[str, str]:
    return {key: title_of(name) for key, name in measured_keys(found).items()}


def _cells(well: Well, *, translated: bool = False) -> list[Cell]:
    done, failed = well.stages.get(Stage.COMPLETE, 0), well.stages.get(Stage.FAILED, 0) - well.accepted
    state = _state(well) if translated else well.state.value
    return [well.well, state, well.arrived, well.expected, done, failed, well.accepted, well.flagged, *well.values]


def _sorting(found: PlateWells, numbered: tuple[int, Well], sort: str) -> tuple[bool, Any]:
    """Wells without a value come before those with one, that is last where the largest come first."""
    place, well = numbered
    keys = [*FIXED, *measured_keys(found)]
    value = place if sort == "well" else _cells(well)[keys.index(sort)]
    return value is not None, 0 if value is None else value


def _state(well: Well) -> str:
    return _(WELL_LOOKS[well.state].title)


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    return number_of(float(cell)) if isinstance(cell, int | float) else str(cell)


def _moment(at_ns: int) -> datetime | None:
    return datetime.fromtimestamp(at_ns / NS, tz=UTC) if at_ns else None


def _grid(found: PlateWells, title: str, values: dict[str, Any]) -> Sheet:
    by_place = {(each.row, each.column): values.get(each.well) for each in found.wells if each.column}
    columns = range(1, found.columns + 1)
    rows = [
        [Place(row, 1).letters, *(by_place.get((row, column)) for column in columns)]
        for row in range(1, found.rows + 1)
    ]
    return Sheet(title, ["", *map(str, columns)], rows)


def _facts(picture: PlatePicture) -> Sequence[tuple[str, Cell]]:
    plate = picture.found.plate
    return [
        (_("Plate"), plate.plate),
        (_("Instrument"), plate.instrument),
        (_("Folder"), plate.folder),
        (_("Task"), next((each.description for each in picture.found.tasks if each.id == picture.found.task), "")),
        (_("State"), _("finished") if plate.state == "finished" else _("images still come")),
        *((name, value) for name, value in picture.found.slice.items()),
        (_("Key"), _("Rows are the plate's rows, columns its columns; an empty cell has no value.")),
        (_("Counts"), _("summed over the images of a well; everything else is the mean of its images")),
    ]
