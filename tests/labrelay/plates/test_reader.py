"""Which source goes over which, and that each attribute says where it came from."""

from pathlib import Path
from typing import Any

import pytest

from labrelay.errors import SettingsInvalid
from labrelay.plates import FolderReader, Reading, readers_of
from labrelay.settings import Settings, WatchedFolder
from labrelay.settings.model import AttributeRule, Oem


def read(path: str, rules: dict[str, AttributeRule] | None = None, **folder: Any) -> Reading:
    return FolderReader(WatchedFolder(path=Path("x"), **folder), rules or {}).read(path)


def test_each_source_goes_over_the_one_before_it() -> None:
    reading = read(
        "p_A01_s1_w1.tif",
        rules={"channel": AttributeRule(id="w", type="int"), "tif": AttributeRule(id="tif", type="bool")},
        attributes={"operator": "Ada", "plate": "fixed", "field": 9},
        patterns=[r"_s(?P<z>\d)", r"^(?P<plate>p)_(?P<drug>A)"],
    )
    assert reading.attributes == {
        "operator": "Ada",
        "plate": "p",
        "field": 1,
        "well": "A01",
        "row": "A",
        "column": 1,
        "channel": "1",
        "drug": "A",
        "z": 1,
        "tif": "false",
    }
    assert reading.read_by == {
        "operator": "folder",
        "plate": "pattern 2",
        "field": "imagexpress",
        "well": "imagexpress",
        "row": "imagexpress",
        "column": "imagexpress",
        "channel": "oem.attributes",
        "drug": "pattern 2",
        "z": "pattern 1",
        "tif": "oem.attributes",
    }


def test_the_first_pattern_that_tells_an_attribute_counts() -> None:
    reading = read("aa_bb.tif", patterns=[r"^(?P<plate>aa)", r"(?P<plate>bb)(?P<rest>.*)"])
    assert reading.attributes == {"plate": "aa", "rest": ".tif"}
    assert reading.read_by == {"plate": "pattern 1", "rest": "pattern 2"}


def test_a_row_from_a_pattern_moves_the_well_that_the_preset_read() -> None:
    reading = read("p_A05_s1_w1.tif", patterns=[r"_s(?P<row>\d)", r"(?P<note>p)"])
    assert reading.attributes["well"] == "A05"
    moved = read("p_A05_s3_w1.tif", patterns=[r"_s(?P<row>\d)"])
    assert (moved.attributes["row"], moved.attributes["column"], moved.attributes["well"]) == ("C", 5, "C05")
    assert (moved.read_by["well"], moved.read_by["column"]) == ("pattern 1", "imagexpress")


def test_a_well_from_a_pattern_brings_its_row_and_column() -> None:
    reading = read("p_A05_s1_w1_B07.tif", names="none", patterns=[r"_(?P<well>B\d+)"])
    assert reading.attributes == {"well": "B07", "row": "B", "column": 7}


def test_a_pattern_that_makes_no_sense_is_told_and_the_others_count() -> None:
    reading = read("p_A05_s1_w1.tif", patterns=[r"(?P<column>p)", r"(?P<drug>w1)"])
    assert reading.misfits == ("pattern 1: column: 'p' is not a whole number of at most 14 digits",)
    assert (reading.attributes["column"], reading.attributes["drug"]) == (5, "w1")


def test_fixed_attributes_of_ones_own_making_are_left_alone() -> None:
    reading = read("notes.txt", attributes={"row": "front", "column": 3, "well": "deep"})
    assert reading.attributes == {"row": "front", "column": 3, "well": "deep"}
    assert read("notes.txt", attributes={"row": "front", "column": 3}).attributes == {"row": "front", "column": 3}


def test_a_path_longer_than_any_is_not_read() -> None:
    assert read("x" * 1020 + "/A01.tif", attributes={"operator": "Ada"}).attributes == {"operator": "Ada"}


def test_every_folder_is_read_in_its_own_way_and_mistakes_name_it() -> None:
    folders = (WatchedFolder(name="a", path=Path("a"), names="none"), WatchedFolder(name="b", path=Path("b")))
    readers = readers_of(Settings(oem=Oem(folders=folders)))
    assert readers["a"].read("A01.tif").attributes == {}
    assert readers["b"].read("A01.tif").attributes["well"] == "A01"
    for wrong, told in (
        ({"patterns": ["(?P<a>x)", "("]}, "pattern 2"),
        ({"names": "harmon"}, "names: there is no preset"),
    ):
        folder = WatchedFolder.model_validate({"name": "c", "path": "c", **wrong})
        with pytest.raises(SettingsInvalid, match=f"folder 'c': {told}"):
            readers_of(Settings(oem=Oem(folders=(folder,))))
