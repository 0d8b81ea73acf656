"""The tables of plates against an oracle of their own, for any images in any order."""

import csv
import io
import math
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from job_repository.plates.identity import plate_of
from job_repository.plates.tables import PlateTables, tables_of
from labrelay.contracts.attributes import AttributeValue
from labrelay.contracts.captures import job_id_for
from labrelay.contracts.jobs import Failure, Job, PipelineReport, SetMember, Source
from labrelay.contracts.states import Owner, PipelineStatus, Stage
from labrelay.contracts.tasks import FrozenTask, GroupRule

FAILURE = Failure(code="image_unreadable", cause="=cut off", next_step="x", retryable=True, owner=Owner.TASK_LAUNCHER)


def a_job(number: int, well: str = "A01", group: GroupRule | None = None, **more: Any) -> Job:
    """A job of plate P, complete unless `more` says otherwise; members of `Source` and `Job` alike."""
    capture = f"00000000-0000-4000-8000-{number:012d}"
    attributes: dict[str, AttributeValue] = {"plate": "P", "well": well, **more.pop("attributes", {})}
    source = Source(
        capture_id=capture, instrument="i", folder=more.pop("folder", "f"), path=more.pop("path", f"P/{well}_{number}"),
        generation=1, size=1, sha256="a" * 64, host="h", directory="/", attributes=attributes,
    )  # fmt: skip
    told = PipelineReport(status=PipelineStatus.COMPLETE, **more.pop("report", {}))
    task = FrozenTask(id="t", version=1, description="d", pipeline="p", carrier="streams", parameters={}, group=group)
    base = {"id": job_id_for(capture, "t"), "epoch": 1, "revision": 1, "stage": Stage.COMPLETE, "report": told}
    return Job(**{**base, "source": source, "task": task, "created_ns": 0, "updated_ns": 0, **more})


def measured(number: int, well: str = "A01", flags: str = "", **values: float) -> Job:
    return a_job(number, well, report={"measurements": values, "qc_flags": flags})


def rows(table: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table.decode())))


IMAGES = st.lists(
    st.tuples(
        st.sampled_from(["A01", "A1", "B12", "AF48", "well"]),
        st.booleans(),
        st.dictionaries(st.sampled_from(["count", "nuclei_count", "area_um2"]), st.integers(0, 10**6), max_size=3),
        st.sampled_from(["", "passed", "empty", "empty, saturated"]),
    ),
    max_size=12,
)


@given(images=IMAGES, shuffle=st.randoms(use_true_random=False))
def test_any_plate_adds_up(images: list[tuple[str, bool, dict[str, int], str]], shuffle: Any) -> None:
    jobs = [
        measured(number, well, flags, **values) if good else a_job(number, well, stage=Stage.FAILED, failure=FAILURE)
        for number, (well, good, values, flags) in enumerate(images)
    ]
    tables = tables_of("P", jobs)
    mixed = list(jobs)
    shuffle.shuffle(mixed)
    assert tables_of("P", mixed) == tables
    assert_adds_up(tables, images)


def assert_adds_up(tables: PlateTables, images: list[tuple[str, bool, dict[str, int], str]]) -> None:
    wells = defaultdict(list)
    for well, good, values, flags in images:
        wells["A01" if well == "A1" else well].append((good, values, flags))
    told = {row["well"]: row for row in rows(tables.wells)}
    assert told.keys() == wells.keys()
    for well, found in wells.items():
        row, whole = told[well], [each for each in found if each[0]]
        assert (int(row["images"]), int(row["failed"])) == (len(found), len(found) - len(whole))
        assert int(row["flagged"]) == sum(each[2] not in ("", "passed") for each in whole)
        for name in ("count", "nuclei_count", "area_um2"):
            numbers = [each[1][name] for each in whole if name in each[1]]
            right = sum(numbers) if name.endswith("count") else math.fsum(numbers) / max(1, len(numbers))
            assert row.get(name, "") == "" if not numbers else float(row[name]) == pytest.approx(right, rel=1e-6)
    assert (tables.counts.images, tables.counts.wells) == (len(images), len(wells))
    assert tables.counts.failed == sum(not good for _, good, _, _ in images)


def test_rows_go_along_the_plate() -> None:
    jobs = [measured(number, well) for number, well in enumerate(["B01", "AA01", "A10", "x", "A2"])]
    assert [row["well"] for row in rows(tables_of("P", jobs).wells)] == ["A02", "A10", "B01", "AA01", "x"]


def test_several_channels_have_rows_of_their_own() -> None:
    jobs = [a_job(n, attributes={"channel": n % 2, "z": 1}, report={"measurements": {"count": n}}) for n in range(4)]
    table = rows(tables_of("P", jobs).wells)
    assert [(row["channel"], row["count"]) for row in table] == [("0", "2"), ("1", "4")]
    assert "z" not in table[0]


def test_a_set_is_one_image_of_several_files() -> None:
    group = GroupRule(by=("well",), over="channel", expect=2)
    first, second = (
        a_job(n, group=group, attributes={"channel": n}, report={"measurements": {"count": 5}}) for n in (1, 2)
    )
    members = tuple(SetMember(job_id=job.id, source=job.source) for job in (first, second))
    lead = first.model_copy(update={"members": members})
    table = rows(tables_of("P", [lead, second.model_copy(update={"lead": lead.id})]).wells)
    assert [(row["images"], row["jobs"], row["count"]) for row in table] == [("2", "1", "5")]


def test_what_gave_way_to_a_newer_file_is_no_image() -> None:
    tables = tables_of("P", [measured(1, count=2), a_job(2, stage=Stage.SUPERSEDED, failure=FAILURE)])
    assert (tables.counts.images, tables.counts.failed) == (1, 0)


def test_the_result_text_of_an_older_pipeline_counts() -> None:
    table = rows(tables_of("P", [a_job(n, report={"results": "CellCount, 598"}) for n in (1, 2)]).wells)
    assert [row["CellCount"] for row in table] == ["1196"]


def test_numbers_beyond_all_bounds_leave_a_table() -> None:
    jobs = [measured(n, count=1e308, area=1e308) for n in range(3)]
    (row,) = rows(tables_of("P", jobs).wells)
    assert (row["count"], row["area"]) == ("", "1e+308")


def test_a_name_that_a_spreadsheet_would_calculate_stays_text() -> None:
    job = a_job(1, path="=1+1.tif", stage=Stage.FAILED, failure=FAILURE)
    (row,) = rows(tables_of("@plate", [job]).images)
    assert (row["plate"], row["file"], row["cause"]) == ("'@plate", "'=1+1.tif", "'=cut off")


def test_a_measurement_that_is_called_like_a_formula_stays_text() -> None:
    assert "'=1+1" in tables_of("P", [a_job(1, report={"measurements": {"=1+1": 2.0}})]).wells.decode().partition("\n")[
        0
    ].split(",")


def test_channels_that_are_equal_as_numbers_alone_have_one_row_each() -> None:
    jobs = [
        a_job(n, path=f"P/{n}", attributes={"channel": text}) for n, text in enumerate(["1", "01", "1", "nan", "2"])
    ]
    table = rows(tables_of("P", jobs).wells)
    assert [(row["channel"], row["images"]) for row in table] == [("01", "1"), ("1", "2"), ("2", "1"), ("nan", "1")]


def test_tables_say_whose_numbers_they_hold() -> None:
    tables = tables_of("P", [measured(1, count=1)])
    assert [row["task"] for table in (tables.wells, tables.images) for row in rows(table)] == ["d", "d"]


def test_a_measurement_with_the_name_of_a_column_gives_way() -> None:
    (row,) = rows(tables_of("P", [measured(1, images=7, count=1)]).wells)
    assert (row["images"], row["measured_images"]) == ("1", "7")


def test_a_plate_that_is_read_twice_is_two() -> None:
    one, other, same = (a_job(n, attributes={"measurement": m}) for n, m in ((1, 1), (2, 2), (3, 1)))
    assert [plate_of(job) == plate_of(one) for job in (other, same)] == [False, True]
    assert plate_of(a_job(4, attributes={"measurement": 1}, folder="g")) != plate_of(one)
    assert plate_of(a_job(5, well="")) is None
