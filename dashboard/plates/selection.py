"""Chosen wells as an address has them: `B07`, `B07:B12` for a rectangle, several with commas."""

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from labrelay.contracts.filters import MOST_VALUES, JobFilter
from labrelay.plates.wells import Well, well_of

LONGEST: Final = 20_000
MOST_WELLS: Final = MOST_VALUES - 10
_PART: Final = re.compile(r"([A-Za-z]{1,2}\d{1,2})(?::([A-Za-z]{1,2}\d{1,2}))?")


def chosen_of(text: str, rows: int, columns: int) -> tuple[Well, ...]:
    """The wells that a text means, along the plate; what it can't mean is left out."""
    found: set[Well] = set()
    for part in text[:LONGEST].split(","):
        match = _PART.fullmatch(part.strip())
        if match is None:
            continue
        try:
            first, last = well_of(match[1]), well_of(match[2] or match[1])
        except ValueError:
            continue
        found |= set(_rectangle(first, last))
    return tuple(sorted(well for well in found if well.row <= rows and well.column <= columns))


def _rectangle(first: Well, last: Well) -> Iterable[Well]:
    rows, columns = sorted((first.row, last.row)), sorted((first.column, last.column))
    return (Well(row, column) for row in range(rows[0], rows[1] + 1) for column in range(columns[0], columns[1] + 1))


def text_of(wells: Iterable[Well]) -> str:
    """A short text for wells: runs within a row are told by their ends."""
    runs: list[str] = []
    for row, group in groupby(sorted(set(wells)), key=lambda well: well.row):
        # Columns that follow one another keep the same distance to their place in the list.
        for _, run in groupby(enumerate(each.column for each in group), key=lambda each: each[1] - each[0]):
            columns = [column for _, column in run]
            first, last = Well(row, columns[0]).name, Well(row, columns[-1]).name
            runs.append(first if first == last else f"{first}:{last}")
    return ",".join(runs)


def where_of(plate: str, wells: Sequence[Well], size: int) -> str:
    """The filter of the images of these wells; empty where a filter can't name them, and they aren't all.

    Args:
        plate: its id.
        wells: the chosen ones.
        size: how many wells the plate has.
    """
    if MOST_WELLS < len(wells) < size:
        return ""
    named = () if len(wells) == size else tuple(well.name for well in wells)
    return JobFilter(plate=(plate,), kind=("image",), well=named).text
