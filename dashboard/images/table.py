"""The table of objects as the page and its files show it, with whatever people took out of the count."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dashboard.tables import Cell
from labrelay.contracts.planes import Objects
from labrelay.contracts.verdicts import ExcludedObject, Review

ROWS: Final = 100
LABEL: Final = "label"
SHOWN: Final[tuple[str, ...]] = (
    "area_um2",
    "area_px",
    "equivalent_diameter_um",
    "equivalent_diameter_px",
    "mean_intensity",
    "mean_above_background",
    "circularity",
)
"""The columns of the page, as far as they are there; files have all."""
MOST_SHOWN: Final = 5


@dataclass(frozen=True)
class ObjectRow:
    """One object; `excluded` says who took it out of the count."""

    label: int
    cells: tuple[str, ...]
    excluded: ExcludedObject | None


@dataclass(frozen=True)
class ObjectTable:
    """A page of objects, in the order of their labels.

    Attributes:
        names: of the columns, for people.
        page: from 1; `pages` are there.
    """

    names: tuple[str, ...]
    rows: tuple[ObjectRow, ...]
    page: int
    pages: int


def table_of(objects: Objects, review: Review, page: int) -> ObjectTable:
    """One page of a job's objects."""
    excluded = {each.object: each for each in review.excluded}
    labels = labels_of(objects)
    pages = max(1, -(-len(labels) // ROWS))
    page = min(max(page, 1), pages)
    names = _shown(objects)
    places = range((page - 1) * ROWS, min(page * ROWS, len(labels)))
    rows = (
        ObjectRow(
            labels[place], tuple(_text(objects.columns[name][place]) for name in names), excluded.get(labels[place])
        )
        for place in places
    )
    return ObjectTable(tuple(name.replace("_", " ") for name in names), tuple(rows), page, pages)


def labels_of(objects: Objects) -> list[int]:
    """The number that each row's object has in the mask; rows are counted where the table doesn't say it."""
    column = objects.columns.get(LABEL, ())
    told = [int(each) for each in column if isinstance(each, (int, float)) and each >= 1]
    return told if len(told) == objects.count else list(range(1, objects.count + 1))


def file_rows(objects: Objects, review: Review) -> Iterator[list[Cell]]:
    """The whole table, its header first; two columns more say whether an object counts, and who says it doesn't."""
    excluded = {each.object: each for each in review.excluded}
    yield [*objects.columns, "counts", "excluded_by"]
    for place, label in enumerate(labels_of(objects)):
        out = excluded.get(label)
        yield [*(column[place] for column in objects.columns.values()), int(out is None), out.by if out else ""]


def _shown(objects: Objects) -> list[str]:
    there = [name for name in SHOWN if name in objects.columns]
    if "area_um2" in there:
        there = [name for name in there if not name.endswith("_px")]
    return (there or [name for name in objects.columns if name != LABEL])[:MOST_SHOWN]


def _text(cell: int | float | str | None) -> str:
    return f"{cell:.5g}" if isinstance(cell, (int, float)) else cell or ""
