"""Images that belong to no plate, as runs: those of one day and folder together, drawn like a plate's wells."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Final

from dashboard.plates.board import Cell
from dashboard.plates.layers import ARRIVAL, COUNTS, FLAGS, MINUTE_NS, STATUS, Layer
from dashboard.plates.looks import NO_DATA, WELL_LOOKS
from dashboard.plates.scales import Scale, number_of, scale_of
from dashboard.plates.view import PlateView
from dashboard.quantities import NS
from labrelay.contracts.states import FINAL, Stage
from labrelay.contracts.tiles import Tile, TilePage
from labrelay.contracts.wells import WellImage, WellState
from labrelay.http import Client
from labrelay.words import _

PAGE: Final = 200
OF_STAGE: Final = {
    Stage.FAILED: WellState.FAILED,
    Stage.COMPLETE: WellState.DONE,
    Stage.UNMATCHED: WellState.UNMATCHED,
    Stage.CANCELLED: WellState.WITHDRAWN,
    Stage.SUPERSEDED: WellState.WITHDRAWN,
    Stage.AWAITING_INPUT: WellState.WAITING,
    Stage.GATHERING: WellState.WAITING,
    Stage.READY: WellState.WAITING,
    Stage.LAUNCHED: WellState.WAITING,
}


@dataclass(frozen=True)
class Run:
    """The images of one day and folder.

    Attributes:
        day: as ISO 8601 writes it, in the gateway's time zone.
        folder: instrument, watched folder and what lies below.
        images: cells, in the order of their paths, each with the id of its job.
    """

    day: str
    folder: str
    images: tuple[tuple[str, Tile, Cell], ...]


@dataclass(frozen=True)
class Unplated:
    """One page of runs."""

    runs: tuple[Run, ...]
    layers: dict[str, Layer]
    layer: Layer
    scale: Scale | None
    next: str | None


def read_unplated(client: Client, view: PlateView, after: str) -> Unplated:
    """The images without a plate that changed last, as runs.

    Raises:
        ServiceUnavailable: the repository doesn't answer.
    """
    asked = {"limit": PAGE, "after": after[:18] if after.isdecimal() else None}
    page = TilePage.model_validate(client.get("/api/v2/plates/unplated", params=asked), extra="ignore")
    return drawn(page.items, view, page.next)


def drawn(tiles: Sequence[Tile], view: PlateView, following: str | None = None) -> Unplated:
    """Tiles as runs, by one layer."""
    layers = {
        STATUS: Layer(STATUS, _("Status"), ""),
        COUNTS: Layer(COUNTS, _("Count"), ""),
        FLAGS: Layer(FLAGS, _("Flags"), "", low=0.0),
        ARRIVAL: Layer(ARRIVAL, _("Arrival"), "", " min", low=0.0),
    }
    layer = layers.get(view.layer) or layers[STATUS]
    values = _values(tiles, layer.key)
    low, high = view.fixed
    bounds = layer.low if low is None else low, high
    scale = scale_of(list(values.values()), view.bounds, view.colours, *bounds) if layer.key != STATUS else None
    ordered = sorted(tiles, key=_run_of, reverse=True)
    runs = [
        Run(day, folder, _images(group, layer, values, scale)) for (day, folder), group in groupby(ordered, _run_of)
    ]
    return Unplated(tuple(runs), layers, layer, scale, following)


def _run_of(tile: Tile) -> tuple[str, str]:
    day = datetime.fromtimestamp(tile.created_ns / NS, tz=UTC).astimezone().date().isoformat()
    parts = (tile.instrument, tile.folder, tile.path.rpartition("/")[0])
    return day, " / ".join(part for part in parts if part)


def _images(
    tiles: Iterable[Tile], layer: Layer, values: dict[str, float], scale: Scale | None
) -> tuple[tuple[str, Tile, Cell], ...]:
    ordered = sorted(tiles, key=lambda each: each.path)
    return tuple((each.id, each, _cell(each, layer, values.get(each.id), scale)) for each in ordered)


def _cell(tile: Tile, layer: Layer, value: float | None, scale: Scale | None) -> Cell:
    state = state_of_image(tile)
    words = _(WELL_LOOKS[state].title)
    if value is not None and scale is not None:
        told = _("{well}: {value}, {state}").format(well=tile.name, value=number_of(value) + layer.unit, state=words)
        return Cell(tile.name, f"step-{scale.step(value)}", "", told, False)
    look = NO_DATA if state is WellState.DONE and layer.key != STATUS else state
    said = f"{tile.name}: {_(WELL_LOOKS[look].title)}"
    return Cell(tile.name, f"is-{look}", WELL_LOOKS[look].letter, said, False)


def state_of(stage: Stage) -> WellState:
    """The state of one image, as wells have it."""
    return OF_STAGE.get(stage, WellState.RUNNING if stage not in FINAL else WellState.WITHDRAWN)


def state_of_image(image: WellImage | Tile) -> WellState:
    """The state of an image; a failure that somebody accepted is none."""
    return WellState.ACCEPTED if image.accepted else state_of(image.stage)


def _values(tiles: Sequence[Tile], layer: str) -> dict[str, float]:
    if layer == COUNTS:
        return {each.id: each.count for each in tiles if each.count is not None}
    if layer == FLAGS:
        return {each.id: float(len(each.flags)) for each in tiles if each.stage is Stage.COMPLETE}
    if layer == ARRIVAL:
        first = min((each.created_ns for each in tiles), default=0)
        return {each.id: (each.created_ns - first) / MINUTE_NS for each in tiles}
    return {}
