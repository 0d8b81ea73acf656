"""Marker files: which names they have, what they vouch for, and that they are never captured themselves."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from file_watcher.companion import Companion
from file_watcher.completion import Touch
from labrelay.errors import SettingsInvalid
from labrelay.settings import Settings, load_settings
from tests.file_watcher.conftest import Bench, changed
from tests.file_watcher.test_policies import dated, paths

EARLY, LATE = 1_600_000_000, 1_600_000_100


@pytest.fixture
def marked(settings: Settings) -> Iterator[Bench]:
    bench = Bench(changed(settings, completion="marker", stable_s=60.0))
    yield bench
    bench.database.close()


def wake(bench: Bench, marker: str) -> None:
    bench.reconciler.marked({marker})
    bench.reconciler.settle()


def look(bench: Bench) -> None:
    bench.reconciler.scan()
    bench.reconciler.settle()


@pytest.mark.parametrize(
    ("template", "name", "marker"),
    [
        ("{name}.done", "A01.tif", "A01.tif.done"),
        ("{stem}.xml", "A01.ome.tif", "A01.ome.xml"),
        ("finished.txt", "A01.tif", "finished.txt"),
        ("{name}.ok", "{stem}", "{stem}.ok"),
        ("ready_{stem}", "no suffix", "ready_no suffix"),
    ],
)
def test_a_marker_is_named_after_its_file(template: str, name: str, marker: str) -> None:
    companion = Companion(template)
    assert companion.beside(name) == marker
    assert companion.is_one(marker)
    assert not companion.is_one(name)


def test_a_file_waits_for_its_marker_however_long_and_says_so(marked: Bench) -> None:
    marked.write("plate/A01.tif", b"A")
    marked.reconciler.touched("plate/A01.tif", Touch(certain=True))
    marked.now += 100_000
    look(marked)
    assert paths(marked) == []
    assert marked.reconciler.waits == ("plate/A01.tif: waits for its marker A01.tif.done",)


def test_the_markers_event_wakes_its_file_and_no_other(marked: Bench) -> None:
    for name in ("A01.tif", "A02.tif"):
        marked.write(name, name.encode())
    look(marked)
    marked.write("A01.tif.done", b"")
    wake(marked, "A01.tif.done")
    assert paths(marked) == ["A01.tif"]


def test_a_marker_whose_event_was_lost_is_found_by_a_scan(marked: Bench) -> None:
    marked.write("A01.tif", b"A")
    look(marked)
    marked.write("A01.tif.done", b"")
    look(marked)
    assert paths(marked) == ["A01.tif"]
    assert marked.reconciler.ignored == 1


def test_the_marker_may_be_there_first(marked: Bench) -> None:
    dated(marked.write("A01.tif.done", b""), LATE)
    wake(marked, "A01.tif.done")
    dated(marked.write("A01.tif", b"A"), EARLY)
    marked.reconciler.touched("A01.tif", Touch(certain=True))
    marked.reconciler.settle()
    assert paths(marked) == ["A01.tif"]


def test_a_rewritten_file_needs_its_marker_anew(marked: Bench) -> None:
    dated(marked.write("A01.tif", b"A"), EARLY)
    dated(marked.write("A01.tif.done", b""), EARLY)
    look(marked)
    dated(marked.write("A01.tif", b"B"), LATE)
    look(marked)
    assert [generation for _, generation, _ in marked.contents()] == [1]
    assert marked.reconciler.waits == ("A01.tif: waits for its marker A01.tif.done: the one there is older",)
    dated(marked.root / "A01.tif.done", LATE)
    wake(marked, "A01.tif.done")
    assert [generation for _, generation, _ in marked.contents()] == [1, 2]


def test_a_file_that_changes_after_its_marker_waits_again(marked: Bench) -> None:
    dated(marked.write("A01.tif", b"A"), EARLY)
    dated(marked.write("A01.tif.done", b""), EARLY)
    marked.reconciler.scan()
    dated(marked.write("A01.tif", b"A and more"), LATE)
    marked.reconciler.settle()
    assert paths(marked) == []


def test_one_marker_vouches_for_all_of_its_folder_that_isnt_newer(settings: Settings) -> None:
    bench = Bench(changed(settings, completion="marker", marker="finished.txt"))
    for name in ("plate/A01.tif", "plate/A02.tif", "plate/deep/A03.tif", "other/A04.tif"):
        dated(bench.write(name, name.encode()), EARLY)
    dated(bench.write("plate/late.tif", b"late"), LATE)
    look(bench)
    dated(bench.write("plate/finished.txt", b""), EARLY + 1)
    wake(bench, "plate/finished.txt")
    assert paths(bench) == ["plate/A01.tif", "plate/A02.tif"]
    bench.database.close()


def test_what_waits_for_its_marker_is_forgotten_when_it_goes(marked: Bench) -> None:
    file = marked.write("A01.tif", b"A")
    look(marked)
    assert marked.reconciler.waiting == 1
    file.unlink()
    look(marked)
    assert marked.reconciler.waiting == 0


def test_a_folder_named_as_a_marker_vouches_for_nothing(marked: Bench) -> None:
    marked.write("A01.tif", b"A")
    (marked.root / "A01.tif.done").mkdir()
    look(marked)
    assert paths(marked) == []


@pytest.mark.parametrize("marker", ["done/{name}", "done\\\\x", "", "..", "{name}", "{stem}", "{file}.done"])
def test_a_marker_that_no_file_can_be_is_refused_with_a_way_out(marker: str, tmp_path: Path) -> None:
    file = tmp_path / "labrelay.toml"
    file.write_text(f'[[oem.folders]]\npath = "input"\nmarker = "{marker}"\n', encoding="utf-8")
    with pytest.raises(SettingsInvalid, match=r"oem\.folders\.0\.marker.*\{name\}") as refused:
        load_settings(file)
    assert "config check" in refused.value.next_step
    assert os.fspath(file) in refused.value.cause
