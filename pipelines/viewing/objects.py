"""Reads the sealed table of objects."""

import csv
import math
from pathlib import Path
from typing import Final

from pipelines.viewing.errors import NoObjects

MOST_BYTES: Final = 64 << 20
MOST_ROWS: Final = 200_000
MOST_COLUMNS: Final = 200
DIGITS: Final = 16
"""Whole numbers that are longer lose digits in a browser anyway."""
Cell = int | float | str | None


def columns_of(path: Path, name: str) -> tuple[int, dict[str, tuple[Cell, ...]]]:
    """Rows and columns of a CSV file with a header; numbers as numbers, empty cells as None.

    Raises:
        NoObjects: it is too large, or no such table.
    """
    if path.stat().st_size > MOST_BYTES:
        raise NoObjects(f"The table {name} is larger than {MOST_BYTES >> 20} MB.")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file)
            header = next(rows, [])
            found = [row for row in rows if row][: MOST_ROWS + 1]
    except (UnicodeDecodeError, csv.Error) as error:
        raise NoObjects(f"The table {name} can't be read: {error}.") from error
    if not header or len(header) > MOST_COLUMNS or len(found) > MOST_ROWS or len({*header}) < len(header):
        raise NoObjects(f"{name} is no table of objects that can be shown.")
    if any(len(row) != len(header) for row in found):
        raise NoObjects(f"The table {name} is damaged: not all of its rows are of one length.")
    return len(found), {title: tuple(_cell(row[place]) for row in found) for place, title in enumerate(header)}


def _cell(text: str) -> Cell:
    if text == "":
        return None
    try:
        value = float(text)
    except ValueError:
        return text
    if not math.isfinite(value):
        return None
    return int(text) if text.lstrip("-").isdecimal() and len(text) < DIGITS else value
