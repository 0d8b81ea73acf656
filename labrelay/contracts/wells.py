"""Wells of a plate, as maps show them: what has come and what is missing, where each stands, what was measured."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import StringConstraints

from labrelay.contracts.base import Contract
from labrelay.contracts.plates import Plate, PlateId
from labrelay.contracts.states import Stage

FORMATS: Final[Mapping[int, tuple[int, int]]] = {
    6: (2, 3),
    12: (3, 4),
    24: (4, 6),
    48: (6, 8),
    96: (8, 12),
    384: (16, 24),
    1536: (32, 48),
}
"""Rows and columns of usual plates, by their wells (ANSI/SLAS 4-2004 for 96 and more)."""
SLICES: Final = ("channel", "z", "time", "acquired")
"""Images of one well that differ in one of these are no fields of the same picture."""
MOST_MAPS: Final = 60
WellName = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00]*$")]


class WellState(StrEnum):
    """Where a well stands: what most needs somebody, of all that is so in it."""

    FAILED = "failed"
    MISSING = "missing"
    RUNNING = "running"
    WAITING = "waiting"
    AWAITED = "awaited"
    REJECTED = "rejected"
    ACCEPTED = "accepted"
    UNMATCHED = "unmatched"
    DONE = "done"
    WITHDRAWN = "withdrawn"
    EMPTY = "empty"


STATE_LETTERS: Final[Mapping[WellState, str]] = {
    WellState.FAILED: "f",
    WellState.MISSING: "m",
    WellState.RUNNING: "r",
    WellState.WAITING: "w",
    WellState.AWAITED: "a",
    WellState.REJECTED: "j",
    WellState.ACCEPTED: "c",
    WellState.UNMATCHED: "n",
    WellState.DONE: "d",
    WellState.WITHDRAWN: "x",
    WellState.EMPTY: ".",
}
"""One letter for each state, as `PlateMap.states` has them."""


class Well(Contract):
    """One well: all its images by one task, and those that no task takes.

    Attributes:
        well: `A01`; as the files' names tell it where no plate has such a well (then `row` and `column` are 0).
        row: from 1, as `column`.
        expected: images that should come; None where nobody can know.
        arrived: images that were announced; of each file the newest.
        stages: the images by where they stand.
        accepted: images that failed and that a person accepted as missing; among `stages` they are failed.
        rejected: images whose result a person rejected; they count in no value.
        flagged: images that the pipeline flagged, and `flags` by flag.
        first_ns: when its first image was announced, wall clock of the gateway in ns since 1970; 0 without any.
        last_ns: when one of them changed last.
        values: what was measured, in the order of `PlateWells.measurements`: counts are summed over the images, all
            else is their mean; None where no image has it. Objects that somebody took out of the count are left out.
        control: what the files declare this well to be (attribute `control`: `positive`, `negative`).
        sample: wells with the same `sample` are replicates (attribute of the files).
    """

    well: str
    row: int
    column: int
    state: WellState
    expected: int | None = None
    arrived: int = 0
    stages: Mapping[Stage, int] = {}
    accepted: int = 0
    rejected: int = 0
    flagged: int = 0
    flags: Mapping[str, int] = {}
    first_ns: int = 0
    last_ns: int = 0
    values: tuple[float | None, ...] = ()
    control: str = ""
    sample: str = ""


class WellTask(Contract):
    """A task that took images of the plate."""

    id: str
    description: str
    pipeline: str
    images: int


class PlateWells(Contract):
    """Answer of `GET /api/v2/plates/{id}/wells`.

    Attributes:
        seq: number of the newest step that is in it.
        task: the task that this is about; empty where no task took anything.
        rows: of the smallest usual plate that holds all wells, as `columns`.
        per_well: images that a well should have; None before anything is known.
        told_by: who says so: the `task` (its `plate_images`), or the `wells` (what most of them have).
        measurements: names, those of the first image first.
        slices: what of channel, plane and time the images have several of, with their values.
        slice: of each the one that `values` are of.
        wells: along the plate, those without images too where some are expected.
    """

    plate: Plate
    seq: int
    task: str
    tasks: tuple[WellTask, ...]
    rows: int
    columns: int
    per_well: int | None
    told_by: Literal["task", "wells", ""]
    measurements: tuple[str, ...]
    slices: Mapping[str, tuple[str, ...]]
    slice: Mapping[str, str]
    wells: tuple[Well, ...]


class WellImage(Contract):
    """One image of a well, as `GET /api/v2/plates/{id}/images` tells it.

    Attributes:
        job: its job's id.
        told: what of field, channel, plane and time its name tells.
        count: the main count; None without one.
        accepted: it failed, and a person accepted it as missing.
    """

    job: str
    well: str
    task: str
    path: str
    told: Mapping[str, str]
    stage: Stage
    count: float | None
    flags: tuple[str, ...]
    rejected: bool
    accepted: bool = False
    updated_ns: int


class WellImages(Contract):
    """The images of a plate or of some of its wells, along the plate; of each file the newest."""

    seq: int
    items: tuple[WellImage, ...]


class PlateMap(Contract):
    """A plate at a glance.

    Attributes:
        states: for each well, row by row, a letter of `STATE_LETTERS`.
        expected: images that should come in all; None where nobody can know.
        done: images that are complete, and those that no task takes.
        failed: images that failed, without those that a person accepted as missing.
        accepted: these.
    """

    plate: PlateId
    rows: int
    columns: int
    expected: int | None
    arrived: int
    done: int
    failed: int
    accepted: int = 0
    states: str


class PlateMaps(Contract):
    """Maps in the order asked for; ids that nobody knows are left out."""

    items: tuple[PlateMap, ...]
