"""Tables as CSV and XLSX: read again as a spreadsheet would, they say what was put in, and nothing in them is run."""

import asyncio
import csv
import io
import math
import tracemalloc
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from dashboard.tables import Cell, Row, Sheet, about, csv_of, download, xlsx_of
from dashboard.threads import Threads

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
EVIL = ['=HYPERLINK("http://x")', "+1+cmd", "-x", "@SUM(A1)", "\tx", "\rx"]


def read_csv(rows: list[Row]) -> list[list[str]]:
    return list(csv.reader(io.StringIO(b"".join(csv_of(rows)).decode(), newline="")))


def parts_of(sheets: list[Sheet]) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(b"".join(xlsx_of(sheets)))) as book:
        return {name: book.read(name) for name in book.namelist()}


def cells(part: bytes) -> list[list[tuple[str, str]]]:
    """(type, text) of each cell; type `n` is a number."""
    root = ElementTree.fromstring(part)  # noqa: S314 - our own
    return [
        [(cell.get("t", "n"), "".join(cell.itertext())) for cell in row.iter(f"{MAIN}c")]
        for row in root.iter(f"{MAIN}row")
    ]


def test_csv_marks_what_a_spreadsheet_would_run_and_leaves_numbers_alone() -> None:
    told = read_csv([["name"], *[[text] for text in EVIL], [-3.5], ["-3.5"], ['a,"b"\nc'], ["名"]])
    assert [row[0] for row in told] == [
        "name", *[f"'{text}" for text in EVIL], "-3.5", "-3.5", 'a,"b"\nc', "名"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""),
        (math.nan, ""),
        (math.inf, ""),
        (True, "True"),
        (10**18 + 1, "1000000000000000001"),
        (datetime(2026, 11, 22, 21, 5, tzinfo=UTC), "2026-11-22T21:05:00+00:00"),
        ("\udce9.tif", "?.tif"),
    ],
)
def test_every_kind_of_cell_has_a_text(cell: Cell, text: str) -> None:
    assert read_csv([["name"], [cell, "end"]])[1] == [text, "end"]


def test_a_workbook_holds_numbers_as_numbers_and_never_a_formula() -> None:
    rows: list[Row] = [(text, 598, -0.25, None, math.nan, 10**18 + 1) for text in EVIL]
    part = parts_of([Sheet("Jobs", ("name", "count"), rows)])["xl/worksheets/sheet1.xml"]
    assert b"<f>" not in part
    heading, first, *_ = cells(part)
    assert heading == [("inlineStr", "name"), ("inlineStr", "count")]
    assert first == [("inlineStr", EVIL[0]), ("n", "598"), ("n", "-0.25"), ("inlineStr", "1000000000000000001")]


def test_text_like_a_formula_stays_text_when_a_person_edits_its_cell() -> None:
    parts = parts_of([Sheet("Jobs", ("name",), [["=1+1"], ["plain"]])])
    styled = ElementTree.fromstring(parts["xl/worksheets/sheet1.xml"])  # noqa: S314 - our own
    formats = ElementTree.fromstring(parts["xl/styles.xml"]).find(f"{MAIN}cellXfs")  # noqa: S314 - our own
    assert formats is not None
    by_text = {"".join(cell.itertext()): list(formats)[int(cell.get("s", "0"))] for cell in styled.iter(f"{MAIN}c")}
    assert by_text["=1+1"].get("quotePrefix") == "1"
    assert by_text["plain"].get("quotePrefix") is None


def test_any_text_names_a_sheet() -> None:
    long = "x" * 40
    parts = parts_of([Sheet(title, (), ()) for title in ("a/b:[c]", "A b  c", long, long, "'")])
    names = [each.get("name") for each in ElementTree.fromstring(parts["xl/workbook.xml"]).iter(f"{MAIN}sheet")]  # noqa: S314
    assert len({name.casefold() for name in names if name}) == 5
    assert max(len(name or "") for name in names) == 31


def test_about_says_what_was_learned_while_the_rows_were_written() -> None:
    written: list[int] = []

    def rows() -> Iterator[Row]:
        for number in range(3):
            written.append(number)
            yield (number,)

    sheets = [Sheet("Jobs", ("n",), rows()), about("http://g/jobs?stage=failed", lambda: [("Rows", len(written))])]
    told = cells(parts_of(sheets)["xl/worksheets/sheet2.xml"])
    assert [row[0][1] for row in told] == ["What", "Address", "Made at", "Made by", "Rows"]
    assert told[1][1][1] == "http://g/jobs?stage=failed"
    assert told[4][1] == ("n", "3")


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_long_table_needs_little_memory(kind: str) -> None:
    rows: Iterator[Row] = ((f"input/plate{number % 7}/{number}.tif", number, "x" * 200) for number in range(20_000))
    tracemalloc.start()
    chunks = csv_of(rows) if kind == "csv" else xlsx_of([Sheet("Jobs", ("path", "n", "x"), rows)])
    total = sum(len(chunk) for chunk in chunks)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total > 100_000
    assert peak < 2_000_000


def test_trouble_with_the_first_rows_is_no_half_file() -> None:
    def rows() -> Iterator[Row]:
        raise ConnectionError
        yield ()

    with pytest.raises(ConnectionError):
        asyncio.run(download(Threads(), "jobs.csv", csv_of(rows())))


def test_a_download_is_saved_under_its_name() -> None:
    async def answer() -> tuple[bytes, str]:
        response = await download(Threads(), "jobs 名.csv", csv_of([["a"], *[["b" * 1000] for _ in range(200)]]))
        chunks = [chunk async for chunk in response.body_iterator if isinstance(chunk, bytes)]
        return b"".join(chunks), response.headers["content-disposition"]

    body, disposition = asyncio.run(answer())
    assert len(body) == 3 + 200 * 1002
    assert disposition == "attachment; filename*=UTF-8''jobs%20%E5%90%8D.csv"
