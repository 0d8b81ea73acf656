"""Plates as the repository gives them."""

from typing import Any, Final

from labrelay.contracts.plates import Plate
from labrelay.contracts.states import Stage
from labrelay.contracts.wells import PlateWells, Well, WellState, WellTask
from labrelay.plates.wells import Well as Place

ID: Final = "0a1b2c3d-0000-4000-8000-000000000001"


def well(place: Place, *values: float | None, images: int = 1, **told: Any) -> Well:
    """A well whose images are all done."""
    base: dict[str, Any] = {"well": place.name, "row": place.row, "column": place.column, "state": WellState.DONE}
    base |= {"expected": images, "arrived": images, "stages": {Stage.COMPLETE: images}, "values": values}
    return Well(**{**base, "first_ns": 60_000_000_000, "last_ns": 61_000_000_000, **told})


def plate_of(wells: list[Well], rows: int = 8, columns: int = 12, **told: Any) -> PlateWells:
    """A finished plate, called `=P7`, with a count and a focus."""
    plate = Plate(
        id=ID,
        instrument="reader-1",
        folder="images",
        plate="=P7",
        attributes={"plate": "=P7"},
        state=told.pop("state", "finished"),
        stages={},
        tasks=(),
    )
    base: dict[str, Any] = {"plate": plate, "seq": 9, "task": "t1", "rows": rows, "columns": columns, "per_well": 1}
    base |= {"tasks": (WellTask(id="t1", description="Count", pipeline="nuclei", images=len(wells)),)}
    base |= {
        "told_by": "wells",
        "measurements": ("count", "qc_focus"),
        "slices": {},
        "slice": {},
        "wells": tuple(wells),
    }
    return PlateWells(**{**base, **told})


def whole(rows: int = 8, columns: int = 12) -> list[Place]:
    return [Place(row, column) for row in range(1, rows + 1) for column in range(1, columns + 1)]


def counted(rows: int = 8, columns: int = 12, **told: Any) -> PlateWells:
    """A plate whose counts grow along it."""
    wells = [well(place, float(number), 1.5) for number, place in enumerate(whole(rows, columns))]
    return plate_of(wells, rows, columns, **told)
