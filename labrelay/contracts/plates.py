"""Plates: what is known of one, and the event that one of its tables is made."""

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from labrelay.contracts.attributes import Attributes
from labrelay.contracts.base import Contract
from labrelay.contracts.states import Stage

TABLE: Final = "plate-table"
"""The task and the pipeline of the jobs whose outputs are tables of plates; the repository itself makes them."""
PLATE_FINISHED: Final = "plate_finished"
"""The step, and the name of the event, with which an edition of a table comes to be."""

PlateId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{36}$")]


class PlateCounts(Contract):
    """What a table holds.

    Attributes:
        images: files, of sets all members.
        expected: images that the task expects of a plate, None where it doesn't say.
    """

    wells: int
    images: int
    complete: int
    failed: int
    expected: int | None = None


class PlateFinished(Contract):
    """One edition of the table of one plate and task.

    Attributes:
        plate: its name.
        task: the task's description.
        edition: 1, and one more each time that the table has changed; it replaces the one before.
        job_id: the job that brings the table to the instrument's side; the same for all editions.
        table: path of the table of wells on the repository and on the integrator's address.
    """

    plate_id: PlateId
    instrument: str
    folder: str
    plate: str
    task_id: str
    task: str
    pipeline: str
    edition: Annotated[int, Field(ge=1)]
    counts: PlateCounts
    job_id: str
    table: str


class NumberedFinish(Contract):
    """A finished plate with the running number of its event."""

    seq: int
    finished: PlateFinished


class FinishedPlates(Contract):
    """Answer of `GET /api/v2/plates/finished`: `next` goes into the next call's `after`."""

    next: int
    items: tuple[NumberedFinish, ...]


class PlateTask(Contract):
    """One task on a plate.

    Attributes:
        stages: its jobs by where they stand.
        edition: of the newest table; 0 while there is none.
        table_job: the job that brings the table back, and `table_stage` where that stands.
        table: path of the table of wells.
    """

    task_id: str
    pipeline: str
    stages: dict[Stage, int]
    edition: int = 0
    counts: PlateCounts | None = None
    table_job: str | None = None
    table_stage: Stage | None = None
    table: str | None = None


class Plate(Contract):
    """A plate: what has one plate's name (and reading) in one watched folder of one instrument.

    Attributes:
        attributes: those that make it this plate.
        state: `finished` when the tables hold all that is known of it, else `arriving`.
        stages: its jobs by where they stand, those that no task takes too.
    """

    id: PlateId
    instrument: str
    folder: str
    plate: str
    attributes: Attributes
    state: Literal["arriving", "finished"]
    stages: dict[Stage, int]
    tasks: tuple[PlateTask, ...]


class PlatePage(Contract):
    """Plates, newest first; `next` goes into the next call's `after`."""

    items: tuple[Plate, ...]
    next: int | None
