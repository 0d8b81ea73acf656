"""Lists as files for spreadsheets: CSV and XLSX, made row by row, so that a long list needs little memory."""

import csv
import io
import math
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from tempfile import TemporaryFile
from typing import Final
from urllib.parse import quote

from fastapi.responses import StreamingResponse
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from dashboard.threads import Threads
from labrelay import __version__
from labrelay.words import _

Cell = str | int | float | bool | datetime | None
Row = Sequence[Cell]

CHUNK: Final = 64 * 1024
EXACT: Final = 1 << 53
"""Larger whole numbers lose digits in a spreadsheet: they are written as text."""
LONGEST_CELL: Final = 32_767
MOST_ROWS: Final = 1_048_576
"""Bounds of Excel's own (Microsoft: Excel specifications and limits)."""
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_NO_NAME: Final = re.compile(r"[\[\]:*?/\\]")


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook; its rows may be made only while they are written."""

    title: str
    columns: Sequence[str]
    rows: Iterable[Row]


def csv_of(rows: Iterable[Row]) -> Iterator[bytes]:
    """Rows as CSV (RFC 4180, UTF-8, the first row the names of the columns), in chunks as they are read.

    Text that a spreadsheet would take for a formula gets an apostrophe before it; numbers stay numbers, times are
    ISO 8601, and what isn't finite is left empty.
    """
    text = io.StringIO()
    writer = csv.writer(text)  # ends lines as RFC 4180 does, and so quotes a lone CR
    for row in rows:
        writer.writerow([_shielded(_plain(cell)) for cell in row])
        if text.tell() >= CHUNK:
            yield _taken(text)
    if text.tell():
        yield _taken(text)


def xlsx_of(sheets: Iterable[Sheet]) -> Iterator[bytes]:
    """Sheets as one workbook for Excel, in chunks once it is whole; text is never a formula.

    Later sheets are begun when those before are written: what `about` tells may come of having read them.
    """
    with TemporaryFile() as file:
        with Workbook(file, {"constant_memory": True}) as book:
            heading, marked = book.add_format({"bold": True}), book.add_format({"quote_prefix": True})
            titles: set[str] = set()
            for sheet in sheets:
                written = book.add_worksheet(_title(sheet.title, titles))
                _fill(written, sheet, heading, marked)
        file.seek(0)
        while chunk := file.read(CHUNK):
            yield chunk


def about(address: str, facts: Callable[[], Iterable[tuple[str, Cell]]] = tuple) -> Sheet:
    """The sheet "About": where a table came from, when, made by which version, and what more is to be known of it.

    Args:
        address: the page's whole address, with its filter.
        facts: asked when the sheets before are written, e.g. for whether they were cut.
    """

    def rows() -> Iterator[Row]:
        yield _("Address"), address
        yield _("Made at"), datetime.now(UTC)
        yield _("Made by"), f"labrelay {__version__}"
        yield from facts()

    return Sheet(_("About"), (_("What"), _("Value")), rows())


async def download(threads: Threads, name: str, chunks: Iterator[bytes]) -> StreamingResponse:
    """A table as an answer that the browser saves; `name` ends with `.csv` or `.xlsx`.

    Its first chunk is made before it begins, so that trouble becomes a page that explains it, not half a file.
    """
    first = await threads.run(partial(next, chunks, b""))
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    kind = TYPES[name.rpartition(".")[2]]
    return StreamingResponse(_streamed(threads, first, chunks), headers=headers, media_type=kind)


async def _streamed(threads: Threads, first: bytes, chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    chunk = first
    while chunk:
        yield chunk
        chunk = await threads.run(partial(next, chunks, b""))


def _fill(written: Worksheet, sheet: Sheet, heading: Format, marked: Format) -> None:
    for column, name in enumerate(sheet.columns):
        written.write_string(0, column, _plain_text(name), heading)
    written.freeze_panes(1, 0)
    for place, row in zip(range(1, MOST_ROWS), sheet.rows, strict=False):
        for column, cell in enumerate(row):
            _write(written, place, column, _plain(cell), marked)


def _write(written: Worksheet, row: int, column: int, cell: str | int | float | bool, marked: Format) -> None:
    if isinstance(cell, bool):
        written.write_boolean(row, column, cell)
    elif not isinstance(cell, str):
        written.write_number(row, column, cell)
    elif cell:
        written.write_string(row, column, cell, marked if cell.startswith(FORMULA) else None)


def _plain(cell: Cell) -> str | int | float | bool:
    """A cell as both kinds of files can hold it."""
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds")
    if isinstance(cell, float):
        return cell if math.isfinite(cell) else ""
    if isinstance(cell, int):
        return cell if abs(cell) <= EXACT else str(cell)
    return _plain_text(cell or "")


def _plain_text(text: str) -> str:
    return text[:LONGEST_CELL].encode(errors="replace").decode()


def _shielded(cell: str | int | float | bool) -> str | int | float | bool:
    if not isinstance(cell, str) or not cell.startswith(FORMULA) or _is_number(cell):
        return cell
    return f"'{cell}"


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _taken(text: io.StringIO) -> bytes:
    taken = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return taken


def _title(wanted: str, taken: set[str]) -> str:
    """A name that Excel takes for a sheet (31 characters, not all of them, none twice)."""
    plain = _NO_NAME.sub(" ", wanted).strip(" '")[:31] or _("Sheet")
    name = next(each for each in _numbered(plain) if each.casefold() not in taken)
    taken.add(name.casefold())
    return name


def _numbered(plain: str) -> Iterator[str]:
    yield plain
    for number in range(2, 10_000):
        yield f"{plain[:26]} {number}"
