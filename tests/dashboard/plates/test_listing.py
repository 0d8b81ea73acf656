"""The table beside the map, the files, and the cards' small maps."""

import csv
import io
import zipfile
from typing import Any

from dashboard.pages import Pages
from dashboard.plates.cards import card_of, document_of, paths_of
from dashboard.plates.listing import PAGE, csv_rows, sheets_of, table_of, twin_of
from dashboard.plates.page import picture_of
from dashboard.plates.reading import PlateCard
from dashboard.plates.unplated import drawn
from dashboard.plates.view import PlateView
from dashboard.tables import csv_of, xlsx_of
from job_repository.jobs.tiles import tile_of
from labrelay.contracts.states import Stage
from labrelay.contracts.wells import PlateMap, WellState
from labrelay.plates.wells import Well
from tests.dashboard import samples as jobs
from tests.dashboard.plates.samples import ID, counted, plate_of, well


def test_the_table_is_sorted_by_any_column_and_never_long() -> None:
    picture = picture_of(counted(16, 24), PlateView(sort="count", down=True, page=2))
    table = table_of(picture)
    assert (table.pages, len(table.rows), table.rows[0][0].values[0]) == (2, 384 - PAGE, 384 - PAGE - 1)
    assert dict(table.columns)["qc_focus"] == "Focus"


def test_the_csv_has_a_row_a_well_and_no_formula() -> None:
    text = b"".join(csv_of(csv_rows(counted(2, 3)))).decode()
    first, *_ = csv.DictReader(io.StringIO(text))
    assert (first["plate"], first["well"], first["count"], first["state"]) == ("'=P7", "A01", "0.0", "done")


def test_the_workbook_has_a_grid_for_each_measurement_and_says_what_it_is() -> None:
    sheets = list(sheets_of(picture_of(counted(), PlateView()), "http://x/plates/1.xlsx?layer=count"))
    assert [sheet.title for sheet in sheets] == [
        "Count",
        "Focus",
        "Status",
        "Flagged images",
        "Arrival",
        "Wells",
        "About",
    ]
    rows = list(sheets[0].rows)
    assert (sheets[0].columns[1], rows[1][0], rows[1][7]) == ("1", "B", 18.0)
    book = b"".join(xlsx_of(sheets_of(picture_of(counted(), PlateView()), "http://x/")))
    assert zipfile.ZipFile(io.BytesIO(book)).testzip() is None


def test_a_value_and_a_state_look_different_without_colour() -> None:
    wells = [
        well(Well(1, 1), 5.0, None),
        well(Well(1, 2), None, None),
        well(Well(1, 3), None, None, state=WellState.FAILED, stages={Stage.FAILED: 1}),
        well(Well(2, 1), None, None, state=WellState.MISSING, arrived=0, stages={}),
        well(Well(2, 2), 7.0, None, images=2, state=WellState.FAILED, stages={Stage.COMPLETE: 1, Stage.FAILED: 1}),
    ]
    board = picture_of(plate_of(wells, 2, 3), PlateView(layer="count")).board
    cells = {cell.well: (cell.look, cell.letter) for _, row in board.rows for cell in row}
    assert cells == {
        "A01": ("step-0", "5"),
        "A02": ("is-nodata", "X"),
        "A03": ("is-failed", "!"),
        "B01": ("is-missing", "M"),
        "B02": ("step-31 partly", "7"),
        "B03": ("is-empty", ""),
    }


def test_the_sentence_names_what_is_missing() -> None:
    wells = [well(Well(1, 1), 5.0, None), well(Well(1, 2), None, None, state=WellState.MISSING, arrived=0, stages={})]
    sentence = picture_of(plate_of(wells), PlateView()).sentence
    assert sentence == "1 of 2 expected images have come, 1 are done. 1 well lacks images: A02."


def test_what_was_accepted_as_missing_is_said_so_and_not_as_failed() -> None:
    lost = well(Well(1, 2), None, None, state=WellState.ACCEPTED, stages={Stage.FAILED: 1}, accepted=1)
    picture = picture_of(plate_of([well(Well(1, 1), 5.0, None), lost]), PlateView())
    assert picture.sentence == "2 images have come, 1 done. 1 accepted as missing."
    table = table_of(picture)
    row = dict(zip([key for key, _ in table.columns], table.rows[1][1], strict=True))
    assert (row["failed"], row["accepted"], row["state"]) == ("0", "1", "Failed, accepted as missing")
    (_, cells), *_ = picture.board.rows
    assert (cells[1].look, cells[1].letter) == ("is-accepted", "A")


def test_a_card_counts_what_was_accepted_apart() -> None:
    found = PlateMap(plate=ID, rows=2, columns=3, expected=2, arrived=2, done=1, failed=0, accepted=1, states="dc....")
    card = card_of(PlateCard(plate_of([], state="arriving").plate, found))
    assert "Failed, accepted as missing: 1" in card.described
    assert document_of(card).items() >= {"failed": 0, "accepted": 1}.items()
    shown: dict[str, Any] = {"cards": [card], "name": "", "after": "", "next": None, "seq": "", "curl": ""}
    page = bytes(Pages().html("plates/list.html", **shown).body).decode()
    assert "1 accepted as missing" in page
    assert "1 failed" not in page


def test_several_plates_share_one_scale_and_each_may_have_its_own() -> None:
    low, high = counted(2, 3), plate_of([well(Well(1, 1), 100.0, None)])
    assert picture_of(low, PlateView(scale="all"), (low, high)).ends[2] == "100"
    assert picture_of(low, PlateView(scale="plate"), (low, high)).ends[2] == "5"


def test_the_twin_tells_what_the_page_shows() -> None:
    twin = twin_of(picture_of(counted(2, 3), PlateView()))
    assert (twin["layer"], twin["values"]["B03"], twin["scale"]["high"], twin["looks"]["A01"]) == (
        "count",
        5.0,
        5.0,
        "step-0",
    )


def test_a_small_map_has_one_path_a_state() -> None:
    found = PlateMap(plate=ID, rows=2, columns=3, expected=6, arrived=4, done=4, failed=0, states="dddd.m")
    assert paths_of(found) == {"done": "M0 0h3v1h-3zM0 1h1v1h-1z", "empty": "M1 1h1v1h-1z", "missing": "M2 1h1v1h-1z"}


def test_images_without_a_plate_are_runs_of_a_day_and_folder() -> None:
    found = [jobs.finished("run1/a.tif", 7, b"x"), jobs.job("run1/b.tif", Stage.FAILED), jobs.job("run2/c.tif")]
    runs = drawn([tile_of(job, 1) for job in found], PlateView(layer="count")).runs
    assert [(run.folder, len(run.images)) for run in runs] == [
        ("reader-1 / input / run2", 1),
        ("reader-1 / input / run1", 2),
    ]
    assert [cell.look for _, _, cell in runs[1].images] == ["step-16", "is-failed"]


def test_a_failure_that_was_accepted_is_drawn_as_such_in_a_run() -> None:
    tile = tile_of(jobs.job("run1/b.tif", Stage.FAILED), 1, accepted=True)
    ((_, _, cell),) = drawn([tile], PlateView()).runs[0].images
    assert (cell.look, cell.letter, cell.said) == ("is-accepted", "A", "b.tif: Failed, accepted as missing")
