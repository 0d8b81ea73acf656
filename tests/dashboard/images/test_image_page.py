"""The image page's pure parts: neighbours on the plate, the count in words, the table with what doesn't count."""

from typing import Any

import pytest

from dashboard.images.neighbours import neighbours_of
from dashboard.images.table import file_rows, table_of
from dashboard.images.words import count_words
from labrelay.contracts.planes import Objects
from labrelay.contracts.verdicts import ExcludedObject, Review

ADA, LIN = (ExcludedObject(object=number, by=by, at_ns=1) for number, by in ((2, "Ada"), (3, "Lin")))


def image(job: str, well: str, **told: str) -> dict[str, Any]:
    return {"job": job, "well": well, "told": told, "count": 5.0}


def review(found: int | None, *excluded: ExcludedObject) -> Review:
    corrected = None if found is None else found - len(excluded)
    return Review(job_id="j", found=found, excluded=excluded, corrected_count=corrected)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (review(None), ""),
        (review(0), "0 found"),
        (review(1312), "1,312 found"),
        (review(312, ADA), "312 found, 1 excluded by Ada: 311"),
        (review(312, LIN, ADA), "312 found, 2 excluded by Ada, Lin: 310"),
    ],
)
def test_the_count_is_said_with_who_changed_it(said: Review, words: str) -> None:
    assert count_words(said) == words


def test_neighbours_are_of_the_same_field_and_channel_and_in_the_plates_order() -> None:
    items = [image(f"{well}{field}", well, field=field) for well in ("A01", "B02", "B03", "AA02") for field in "12"]
    around = neighbours_of(items, "B022", "p", "P7")
    jobs = [[each and each.job for each in row] for row in around.around]
    assert jobs == [["A012", None, None], [None, "B022", "B032"], [None, None, None]]
    assert [(each.title, each.here) for each in around.sites] == [("field 1", False), ("field 2", True)]
    assert (around.previous and around.previous.job, around.next and around.next.job) == ("B021", "B031")
    assert around.beside


@pytest.mark.parametrize("well", ["", "edge", "A1B", "AAA01"])
def test_what_has_no_place_on_a_plate_has_none_beside_it(well: str) -> None:
    around = neighbours_of([image("a", well), image("b", "A01")], "a", "p", "P7")
    assert (around.around, around.beside, around.previous) == ((), False, None)
    assert neighbours_of([], "a", "p", "P7").sites == ()


def objects(**columns: tuple[Any, ...]) -> Objects:
    count = len(next(iter(columns.values())))
    return Objects(job_id="j", name="o.csv", sha256="0" * 64, count=count, columns=columns)


def test_files_say_of_each_object_whether_it_counts() -> None:
    found = objects(label=(1, 2), area_px=(10.5, None))
    assert list(file_rows(found, review(2, ADA))) == [
        ["label", "area_px", "counts", "excluded_by"],
        [1, 10.5, 1, ""],
        [2, None, 0, "Ada"],
    ]


def test_the_table_is_cut_into_pages_that_exist() -> None:
    found = objects(label=tuple(range(5, 255)), area_px=(1.0,) * 250, area_um2=(2.0,) * 250)
    first, last = table_of(found, review(250), 1), table_of(found, review(250), 99)
    assert (first.names, first.rows[0].label, len(first.rows)) == (("area um2",), 5, 100)
    assert (last.page, last.pages, last.rows[-1].label, len(last.rows)) == (3, 3, 254, 50)


def test_rows_without_labels_are_counted() -> None:
    assert [row.label for row in table_of(objects(area=(3.0, 4.0)), review(2), 1).rows] == [1, 2]
    assert [row.label for row in table_of(objects(label=("x", 2)), review(2), 1).rows] == [1, 2]
