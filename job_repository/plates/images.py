"""One image of a plate, as its tables see it: well, what was measured, what was flagged, why it failed. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from labrelay.contracts.attributes import wire_texts
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from labrelay.plates.wells import ROWS, Well, well_of

APART: Final = ("channel", "z", "time", "acquired")
"""Images of one well that differ in one of these are no fields of the same picture: they get rows of their own."""
PASSED: Final = "passed"
"""What pipelines say in place of flags where there are none."""
LONGEST_FLAG: Final = 64
WELL_NAME: Final = 64
"""Characters of a well's name that jobs are found by."""


@dataclass(frozen=True)
class PlateImage:
    """What one job says of its image (of a set: the job that worked for it).

    Attributes:
        well: "A01"; as the attributes tell it where no plate has such a well.
        place: orders wells along the plate.
        apart: what of `APART` the image has.
        measured: numbers by name; empty where it failed.
        files: the captures that it stands for.
    """

    job: Job
    well: str
    place: tuple[int, int, str]
    apart: Mapping[str, str]
    measured: Mapping[str, float]
    flags: tuple[str, ...]
    files: int

    def told(self, name: str) -> str:
        """One of `apart` as a text; empty where the names don't tell it."""
        return self.apart.get(name, "")

    @property
    def complete(self) -> bool:
        """Whether there is a result."""
        return self.job.stage is Stage.COMPLETE

    @property
    def reason(self) -> str:
        """Why there is none, as a code."""
        if self.complete:
            return ""
        return self.job.failure.code if self.job.failure else self.job.stage.value

    @property
    def row_and_column(self) -> tuple[str, str]:
        """Letters and number; empty where the well is none of a plate."""
        row, column, _ = self.place
        return (Well(row, column).letters, str(column)) if column else ("", "")


def image_of(job: Job) -> PlateImage:
    """What the table needs of a final job of a plate."""
    texts = wire_texts(job.source.attributes)
    over = job.task.group.over if job.task and job.task.group else None
    well, place = placed(texts["well"])
    good = job.stage is Stage.COMPLETE
    return PlateImage(
        job=job,
        well=well,
        place=place,
        apart={name: texts[name] for name in APART if name in texts and name != over},
        measured=measured_of(job) if good else {},
        flags=flags_of(job) if good else (),
        files=max(1, len(job.members)),
    )


def placed(text: str) -> tuple[str, tuple[int, int, str]]:
    """A well's usual name from any spelling, and its place in the order along the plate."""
    try:
        well = well_of(text)
    except ValueError:  # a well of somebody's own making comes after all others
        return text, (ROWS + 1, 0, text)
    return well.name, (well.row, well.column, "")


def well_name_of(job: Job) -> str:
    """The well that a capture's name tells, as jobs are found by it; empty for none."""
    text = wire_texts(job.source.attributes).get("well", "")
    return placed(text)[0].replace("\x00", "\ufffd")[:WELL_NAME] if text else ""


def measured_of(job: Job) -> Mapping[str, float]:
    """The measurements; of a pipeline that sends none (AiCSD's) the number in its results text: `CellCount, 598`."""
    if job.report is None or job.report.measurements:
        return job.report.measurements if job.report else {}
    name, _, number = job.report.results.partition(",")
    try:
        value = float(number)
    except ValueError:
        return {}
    return {name.strip(): value} if name.strip() and math.isfinite(value) else {}


def flags_of(job: Job) -> tuple[str, ...]:
    """The pipeline's quality flags, one by one."""
    told = (flag.strip()[:LONGEST_FLAG] for flag in (job.report.qc_flags if job.report else "").split(","))
    return tuple(dict.fromkeys(flag for flag in told if flag and flag.lower() != PASSED))
