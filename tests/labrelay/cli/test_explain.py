"""`labrelay explain` without anything that runs: what names tell, by each preset, and previews of patterns."""

import os
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from labrelay.plates import PRESETS
from tests.labrelay.cli.command_line import Answer, labrelay
from tests.labrelay.plates.vendors import GUID, KNOWN
from tests.ports import take_port

FORMATS = Path(__file__).parents[4] / "shared" / "data" / "formats"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    file = tmp_path / "labrelay.toml"
    file.write_text(
        f"""
        [ports]
        task_launcher = {take_port()}
        [[oem.folders]]
        name = "plates"
        path = "{(tmp_path / "in").as_posix()}"
        attributes = {{ operator = "Ada" }}
        patterns = ['day (?P<day>\\d)']
        [[oem.folders]]
        name = "others"
        path = "{(tmp_path / "others").as_posix()}"
        names = "none"
        [oem.attributes.s]
        id = "s"
        type = "int"
        """,
        encoding="utf-8",
    )
    return file


def explain(config: Path, *words: str) -> Answer:
    return labrelay("explain", *words, "--config", str(config))


def test_attributes_are_told_with_their_sources_though_nothing_runs(config: Path) -> None:
    answer = explain(config, "day 3/p_A01_s1_w2.tif")
    assert answer.status == 0
    lines = answer.out.splitlines()
    assert lines[0] == "day 3/p_A01_s1_w2.tif: the tasks can't be asked"
    for line in (
        "  operator = Ada (folder)",
        "  plate = p (imagexpress)",
        "  well = A01 (imagexpress)",
        "  day = 3 (pattern 1)",
        "  s = 1 (oem.attributes)",
    ):
        assert line in lines
    assert "labrelay up" in lines[-1]


def test_the_same_as_json(config: Path) -> None:
    told = explain(config, "p_A01_s1_w2.tif", "--json").json
    assert (told["folder"], told["path"], told["taken_by"], told["tasks"]) == ("plates", "p_A01_s1_w2.tif", None, None)
    assert (told["attributes"]["column"], told["read_by"]["column"]) == (1, "imagexpress")
    several = explain(config, "A01.tif", "B02.tif", "--json").json
    assert [each["attributes"]["well"] for each in several] == ["A01", "B02"]


def test_a_file_is_looked_for_in_the_watched_folder_that_it_lies_in(config: Path, tmp_path: Path) -> None:
    there = explain(config, str(tmp_path / "in" / "plate 7" / "A01.tif"), "--json").json
    assert (there["folder"], there["path"], there["attributes"]["plate"]) == ("plates", "plate 7/A01.tif", "plate 7")
    other = explain(config, str(tmp_path / "others" / "A01.tif"), "--json").json
    assert (other["folder"], other["attributes"]) == ("others", {})
    named = explain(config, "A01.tif", "--folder", "others", "--json").json
    assert (named["folder"], named["attributes"]) == ("others", {})
    assert explain(config, "A01.tif", "--folder", "third").status == 2


def test_what_is_not_captured_is_said(config: Path) -> None:
    assert "not captured" in explain(config, f"p_E07_s1_w1_thumb{GUID}.tif").out
    assert "the name tells nothing" in explain(config, "notes [1].txt", "--folder", "others").out


@pytest.mark.parametrize("preset", KNOWN)
def test_each_preset_is_tried_out_on_its_names(preset: str, config: Path) -> None:
    told = explain(config, "--names", preset, *KNOWN[preset], "--json").json
    assert {row["path"]: row["attributes"] for row in told["files"]} == KNOWN[preset]
    assert {source for row in told["files"] for source in row["read_by"].values()} == {preset}
    assert (told["names"], told["matched"], told["unmatched"]) == (preset, len(KNOWN[preset]), 0)


@pytest.mark.parametrize("preset", [preset.name for preset in PRESETS])
def test_each_preset_explains_its_own_example(preset: str, config: Path) -> None:
    (example,) = (each.example for each in PRESETS if each.name == preset)
    answer = explain(config, "--names", preset, example)
    assert answer.status == 0
    assert "1 of 1 names are read" in answer.out


def test_a_pattern_is_tried_out_on_names_with_what_it_misses_and_mistakes(config: Path) -> None:
    answer = explain(config, "--pattern", r"(?P<plate>P\d+)_(?P<column>\w+)\.tif", "P1_7.tif", "P2_x.tif", "other.tif")
    first, second, third = answer.out.splitlines()[1:4]
    assert "plate P1, column 7" in first
    assert "column: 'x' is not" in second
    assert "nothing" in third
    assert answer.out.splitlines()[-1] == "1 of 3 names are read"


def test_a_pattern_is_tried_out_on_what_lies_in_the_watched_folder(config: Path, tmp_path: Path) -> None:
    for number in range(60):
        path = tmp_path / "in" / f"day {number % 2}" / f"{number:02}.tif"
        path.parent.mkdir(exist_ok=True)
        path.touch()
    (tmp_path / "in" / ".hidden").touch()
    (tmp_path / "in" / os.fsdecode(b"\xff.tif")).touch()
    answer = explain(config, "--pattern", "day (?P<day__int>1)")
    assert answer.out.splitlines()[-2:] == ["… and 11 more (--json shows all)", "30 of 61 names are read"]
    told = explain(config, "--pattern", "^day (?P<day__int>1)", str(tmp_path / "in" / "day 1"), "--json").json
    assert (told["matched"], told["unmatched"], told["files"][0]["path"]) == (30, 0, "day 1/01.tif")


def test_a_folder_that_nobody_watches_is_read_below_itself(config: Path, tmp_path: Path) -> None:
    (tmp_path / "else" / "P7").mkdir(parents=True)
    (tmp_path / "else" / "P7" / "A01.tif").touch()
    told = explain(config, "--names", "plain", str(tmp_path / "else"), "--json").json
    assert [(row["path"], row["attributes"]["plate"]) for row in told["files"]] == [("P7/A01.tif", "P7")]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--pattern", "(?P<a>["], "position 7"),
        (["--pattern", "(?P<a>(x|xx|a|aa)+)$"], "took too long"),
        (["--pattern", "A01"], "names no attribute"),
        (["--names", "imagexpres"], "Did you mean 'imagexpress'"),
        ([], "name a file"),
    ],
)
def test_what_can_not_be_tried_out_is_refused(words: list[str], told: str, config: Path) -> None:
    answer = explain(config, *words)
    assert answer.status == 2
    assert told in " ".join(answer.err.replace("│", " ").split())


def test_the_examples_of_the_administrators_page_run(config: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "administrator.md").read_text(encoding="utf-8")
    examples = re.findall(r"^labrelay (explain .*)$", page, re.MULTILINE)
    assert len(examples) == 3
    for example in examples:
        assert labrelay(*shlex.split(example, comments=True), "--config", str(config)).status == 0


def test_without_files_and_folder_there_is_nothing_to_try(config: Path) -> None:
    answer = explain(config, "--names", "plain", "--folder", "others")
    assert (answer.status, "others isn't there" in answer.err.replace("\n", "")) == (1, True)


@pytest.mark.parametrize(("key", "value"), [("patterns", "['(']"), ("names", "'zeis'")])
def test_config_check_finds_what_no_name_can_be_read_with(key: str, value: str, tmp_path: Path) -> None:
    file = tmp_path / "labrelay.toml"
    file.write_text(f"[[oem.folders]]\nname = 'x'\npath = 'x'\n{key} = {value}\n", encoding="utf-8")
    answer = labrelay("config", "check", "--config", str(file))
    assert answer.status == 2
    assert "folder 'x'" in answer.err


@pytest.mark.skipif(not FORMATS.is_dir(), reason="needs the own collection of instrument files")
def test_a_real_plate_is_previewed_with_its_thumbs_left_out(config: Path) -> None:
    told: dict[str, Any] = explain(
        config, "--names", "imagexpress", str(FORMATS / "imagexpress_4wl_with_thumbs"), "--json"
    ).json
    assert (told["matched"], told["unmatched"]) == (6, 6)
    assert all(row["left_out"] != bool(row["attributes"]) for row in told["files"])
