"""The tables of a plate from its jobs: one row a well, and one row an image. Pure, and the same for the same jobs.

Counts (measurements whose name ends in "count") are summed over the images of a well, all other measurements are their
mean over the images that have them. Failed images take part in neither; they are counted and named.
"""

import csv
import io
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from job_repository.plates.images import APART, PlateImage, image_of
from labrelay.contracts.jobs import Job
from labrelay.contracts.plates import PlateCounts
from labrelay.contracts.states import Stage

MOST_MEASUREMENTS: Final = 500
WHERE: Final = ("plate", "well", "row", "column")
Row = dict[str, str]


@dataclass(frozen=True)
class PlateTables:
    """The tables as CSV (UTF-8, comma, point), and what they hold."""

    wells: bytes
    images: bytes
    counts: PlateCounts


def tables_of(plate: str, jobs: Iterable[Job], expected: int | None = None) -> PlateTables:
    """The tables of one plate and task.

    Args:
        plate: its name.
        jobs: of the newest capture of each path, all final.
        expected: images that the task expects, for the counts.
    """
    taken = images_of(jobs)
    varying = _varying(taken)
    images = sorted(taken, key=lambda each: (each.place, _apart_key(each, varying), each.job.source.path, each.job.id))
    names = list(dict.fromkeys(name for each in images for name in each.measured))[:MOST_MEASUREMENTS]
    wells = [_well_row(plate, group, varying, names) for group in _wells(images, varying)]
    told = [_image_row(plate, each, varying, names) for each in images]
    failed = sum(each.files for each in images if not each.complete)
    files = sum(each.files for each in images)
    counts = PlateCounts(
        wells=len({each.well for each in images}),
        images=files,
        complete=files - failed,
        failed=failed,
        expected=expected,
    )
    return PlateTables(_csv(wells), _csv(told), counts)


def images_of(jobs: Iterable[Job]) -> list[PlateImage]:
    """The images of a plate: a set's members are in their lead's image, and what gave way to a newer file is none."""
    return [image_of(job) for job in jobs if job.stage is not Stage.SUPERSEDED and job.lead is None]


def is_count(name: str) -> bool:
    """Whether a measurement is summed up."""
    return name.lower().endswith("count")


def _varying(images: Sequence[PlateImage]) -> list[str]:
    """What of channel, plane and time the plate has several of: those need columns."""
    return [name for name in APART if len({each.told(name) for each in images if each.told(name)}) > 1]


def _apart_key(image: PlateImage, varying: Sequence[str]) -> list[tuple[bool, float, str]]:
    """Numbers in their order, before texts."""
    return [_order(image.told(name)) for name in varying]


def _order(text: str) -> tuple[bool, float, str]:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    return (False, value, text) if math.isfinite(value) else (True, 0.0, text)


def _wells(images: Sequence[PlateImage], varying: Sequence[str]) -> Iterable[list[PlateImage]]:
    def key(image: PlateImage) -> tuple[str, ...]:
        return image.well, *(image.told(name) for name in varying)

    return ([*group] for _, group in groupby(images, key))


def _well_row(plate: str, images: list[PlateImage], varying: Sequence[str], names: Sequence[str]) -> Row:
    failed = [each for each in images if not each.complete]
    flags = Counter(flag for each in images for flag in each.flags)
    return {
        **_where(plate, images[0], varying),
        "images": str(sum(each.files for each in images)),
        "failed": str(sum(each.files for each in failed)),
        **{_column(name, varying): _summed(name, images) for name in names},
        "flagged": str(sum(bool(each.flags) for each in images)),
        "qc_flags": "; ".join(f"{flag} ({count})" for flag, count in sorted(flags.items())),
        "jobs": str(len(images)),
        "failed_images": "; ".join(f"{each.job.source.path} ({each.reason})" for each in failed),
        "task": _task(images[0]),
    }


def _image_row(plate: str, image: PlateImage, varying: Sequence[str], names: Sequence[str]) -> Row:
    measured = {_column(name, varying): _number(image.measured.get(name, math.nan)) for name in names}
    return {
        **_where(plate, image, varying),
        "field": str(image.job.source.attributes.get("field", "")),
        "file": image.job.source.path,
        "result": image.job.stage.value,
        **measured,
        "qc_flags": "; ".join(image.flags),
        "failure": image.reason,
        "cause": image.job.failure.cause if image.job.failure else "",
        "job": image.job.id,
        "task": _task(image),
    }


def _task(image: PlateImage) -> str:
    """Tells the tables of two tasks with the same pipeline apart."""
    return image.job.task.description if image.job.task else ""


def _where(plate: str, image: PlateImage, varying: Sequence[str]) -> Row:
    row, column = image.row_and_column
    return {
        **dict(zip(WHERE, (plate, image.well, row, column), strict=True)),
        **{name: image.told(name) for name in varying},
    }


def _column(name: str, varying: Sequence[str]) -> str:
    """A measurement's column; one that is called like a column of ours gives way."""
    return f"measured_{name}" if name in _OURS or name in varying else name


_OURS: Final = frozenset(
    (*WHERE, "images", "failed", "flagged", "qc_flags", "jobs", "failed_images", "field", "file", "result")
) | {"failure", "cause", "job", "task"}


def _summed(name: str, images: Sequence[PlateImage]) -> str:
    values = [each.measured[name] for each in images if name in each.measured]
    if not values:
        return ""
    return _number(sum(values) if is_count(name) else math.fsum(value / len(values) for value in values))


def _number(value: float) -> str:
    """Whole numbers in full, others with seven digits; nothing for what is none."""
    if not math.isfinite(value):
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else f"{value:.7g}"


def _csv(rows: Sequence[Row]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else list(WHERE), lineterminator="\n")
    writer.writer.writerow([_plain(name) for name in writer.fieldnames])
    writer.writerows({name: _plain(value) for name, value in row.items()} for row in rows)
    return text.getvalue().encode(errors="replace")


def _plain(text: str) -> str:
    """A name or a cause that a spreadsheet would take for a formula is marked as text; numbers stay numbers."""
    if not text.startswith(("=", "+", "-", "@", "\t", "\r")):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text
