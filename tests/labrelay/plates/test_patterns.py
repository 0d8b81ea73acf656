"""A folder's own patterns: kinds of what they name, what they refuse, and that none holds the intake up."""

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrelay.contracts.attributes import Attributes
from labrelay.errors import SettingsInvalid
from labrelay.plates.bounded import PatternTooSlow
from labrelay.plates.patterns import Misfit, OwnPattern


def read(pattern: str, path: str) -> Attributes | None:
    return OwnPattern(pattern, "here").read(path)


def test_named_groups_anywhere_in_the_path_become_attributes() -> None:
    pattern = r"(?P<operator>\w+)/(?P<plate>[^/]+)/.*drug-(?P<drug>[a-z]+)"
    assert read(pattern, "ada/P7/day 1/x_drug-taxol_3.tif") == {"operator": "ada", "plate": "P7", "drug": "taxol"}
    assert read(pattern, "P7/x.tif") is None


@pytest.mark.parametrize(
    ("group", "text", "told"),
    [
        ("dose__float", "2.5", {"dose": 2.5}),
        ("dose__float", "-1e3", {"dose": -1000.0}),
        ("passage__int", "007", {"passage": 7}),
        ("offset__int", "-3", {"offset": -3}),
        ("field", "012", {"field": 12}),
        ("z", "0", {"z": 0}),
        ("time", "5", {"time": 5}),
        ("channel", "02", {"channel": 2}),
        ("channel", "DAPI", {"channel": "DAPI"}),
        ("plate", "0042", {"plate": "0042"}),
        ("well", "b-7", {"well": "B07", "row": "B", "column": 7}),
        ("row", "3", {"row": "C"}),
        ("row", "af", {"row": "AF"}),
        ("column", "09", {"column": 9}),
    ],
)
def test_a_groups_name_tells_its_kind(group: str, text: str, told: Attributes) -> None:
    assert read(f"=(?P<{group}>.*)=", f"={text}=") == told


def test_row_and_column_make_a_well_and_a_date_a_moment() -> None:
    assert read(r"R(?P<row>\d+)C(?P<column>\d+)", "R02C11.tif") == {"row": "B", "column": 11, "well": "B11"}
    pattern = r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)(?:T(?P<hour>\d\d)(?P<minute>\d\d))?"
    assert read(pattern, "20240229T0415") == {"acquired": "2024-02-29T04:15"}
    assert read(pattern, "20240229") == {"acquired": "2024-02-29"}


def test_a_group_that_took_no_part_tells_nothing() -> None:
    assert read(r"(?P<plate>P\d+)(?:_(?P<drug>\w+))?\.tif", "P1.tif") == {"plate": "P1"}


@pytest.mark.parametrize(
    ("group", "text"),
    [
        ("column", "x"),
        ("column__int", "1.5"),
        ("dose__float", "nan"),
        ("dose__float", "much"),
        ("well", "Z99"),
        ("row", "33"),
        ("field", "1" * 15),
    ],
)
def test_what_does_not_hold_what_its_name_promises_is_told(group: str, text: str) -> None:
    with pytest.raises(Misfit, match=group.partition("__")[0]):
        read(f"=(?P<{group}>.*)=", f"={text}=")


def test_a_date_that_no_calendar_has_is_a_misfit() -> None:
    with pytest.raises(Misfit, match="month"):
        read(r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)", "2024-13-01")


def test_an_expression_that_is_none_names_place_and_position() -> None:
    with pytest.raises(SettingsInvalid, match=r"oem\.folders, folder 'x': pattern 2: .*\(position 7\)"):
        OwnPattern("(?P<a>[", "oem.folders, folder 'x': pattern 2")


@pytest.mark.parametrize("pattern", ["A01", "(A01)", "(?P<größe>x)", f"(?P<{'a' * 65}>x)", ""])
def test_an_expression_must_name_what_it_reads(pattern: str) -> None:
    with pytest.raises(SettingsInvalid, match="names no attribute"):
        OwnPattern(pattern, "here")


def test_an_expression_that_runs_away_on_plain_names_is_refused_at_once() -> None:
    with pytest.raises(SettingsInvalid, match="took too long") as refused:
        OwnPattern(r"(?P<plate>(a|aa)+)$", "here")
    assert "repeats within repeats" in refused.value.next_step


def test_one_that_runs_away_on_a_rare_name_gives_that_name_up_and_lets_others_go_on() -> None:
    pattern = OwnPattern(r"(?P<plate>(x|xx)+)$", "here")
    turns, stop = [0], threading.Event()

    def turn() -> None:
        while not stop.is_set():
            turns[0] += 1
            time.sleep(0)

    other = threading.Thread(target=turn)
    other.start()
    before = turns[0]
    with pytest.raises(PatternTooSlow, match="xxx"):
        pattern.read("x" * 200 + "!")
    went_on = turns[0] - before
    stop.set()
    other.join()
    assert went_on > 100
    assert pattern.read("xxx") == {"plate": "xxx"}


@given(st.text(), st.text())
def test_no_expression_and_no_name_do_more_than_refuse(text: str, path: str) -> None:
    try:
        OwnPattern(text, "here").read(path)
        OwnPattern(f"(?P<plate>{text})", "here").read(path)
    except (SettingsInvalid, Misfit, PatternTooSlow):
        return
