"""Which files `run` waits for, and that odd names and texts can be printed."""

import os
from pathlib import Path

import pytest

from labrelay.cli.images import find_images
from labrelay.cli.table import print_report
from labrelay.files import digest_file
from labrelay.oracle import Verdict
from labrelay.report import FailedFile, build_report, written_files

NOTHING = Verdict((), (), (), (), ())
ODD = "[/bold] [red]\x1b[31m\nfile.tif"


def test_images_are_found_in_any_case_and_at_any_depth(tmp_path: Path) -> None:
    names = ["a.tif", "b.TIF", "c.Tiff", "d/e.PNG", "d/f.JpG", "plain [1].jpeg"]
    for name in [*names, "notes.txt", "tif", "a.tif.part"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    found = find_images(tmp_path)
    assert found.digests == {name: digest_file(tmp_path / name)[0] for name in names}
    assert not found.unreadable


@pytest.mark.parametrize("name", ["._a.tif", ".cache/a.tif", "~a.tif", "~backup/a.tif"])
def test_what_the_watcher_leaves_alone_is_not_waited_for(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("nothing")
    assert not find_images(tmp_path).digests


def test_links_and_pipes_are_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "link.tif").symlink_to(__file__)
    (tmp_path / "dangling.tif").symlink_to(tmp_path / "nothing")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.tif")
    assert not find_images(tmp_path).digests


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode on Windows")
def test_a_name_that_is_no_unicode_is_reported_and_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.tif")).write_text("an image")
    found = find_images(tmp_path)
    assert not found.digests
    (entry,) = found.unreadable
    assert (entry.file, entry.code) == ("\\xff.tif", "input_unreadable")
    report = build_report({}, [], NOTHING, 1.0, unreadable=found.unreadable)
    assert not report.well
    assert "xff.tif" in report.as_json()


def test_a_file_that_went_away_meanwhile_does_not_keep_the_report_from_being_made(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_text("here")
    assert set(written_files(tmp_path, {"a.tif": "0" * 64, "gone.tif": "1" * 64})) == {"a.tif"}


def test_names_and_causes_that_look_like_orders_are_printed_as_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = FailedFile(file=ODD, code="image_unreadable", cause=f"{ODD} is damaged.", next_step="Look at it.")
    print_report(build_report({}, [], NOTHING, 1.0, unreadable=[failed]), tmp_path, "title", well=False)
    said = " ".join(capsys.readouterr().out.split())
    assert "[/bold] [red]\\x1b[31m\\nfile.tif: " in said
    assert "\x1b" not in said
