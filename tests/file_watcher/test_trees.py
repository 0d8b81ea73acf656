"""Folders that come, go and change their nature under the running watcher, and several policies side by side."""

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from file_watcher.bodies import Entry
from file_watcher.wakes import Round
from file_watcher.watcher import Watcher
from labrelay.settings import Settings
from labrelay.settings.model import WatchedFolder
from tests.file_watcher.conftest import with_folders
from tests.file_watcher.test_shares import found
from tests.polling import until


@pytest.fixture
def folder(settings: Settings) -> Path:
    return settings.folders[0].path


@pytest.fixture
def patient(settings: Settings) -> Iterator[Watcher]:
    """A watcher that has nothing but its events."""
    oem = settings.oem.model_copy(update={"rescan_s": 3600.0})
    watcher = Watcher(settings.model_copy(update={"oem": oem}))
    watcher.start()
    watcher.scan()
    yield watcher
    watcher.stop()


def paths(watcher: Watcher) -> set[str]:
    return {path for path, _ in found(watcher)}


def has(watcher: Watcher, path: str, generation: int) -> bool:
    return (path, generation) in found(watcher)


def test_a_deep_tree_moved_in_is_taken_and_heard_from_then_on(patient: Watcher, folder: Path, tmp_path: Path) -> None:
    tree = ["A01.tif", "row/A02.tif", "row/deep/er/still/A03.tif", "other/A04.tif"]
    for path in tree:
        (tmp_path / "plate" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "plate" / path).write_bytes(path.encode())
    (tmp_path / "plate").rename(folder / "plate")
    until(lambda: paths(patient) == {f"plate/{path}" for path in tree})
    (folder / "plate" / "row" / "deep" / "er" / "still" / "A05.tif").write_bytes(b"later")
    until(lambda: "plate/row/deep/er/still/A05.tif" in paths(patient))


def test_a_tree_that_is_renamed_inside_is_another_one(patient: Watcher, folder: Path) -> None:
    (folder / "plate" / "deep").mkdir(parents=True)
    (folder / "plate" / "deep" / "A01.tif").write_bytes(b"A")
    until(lambda: paths(patient) == {"plate/deep/A01.tif"})
    (folder / "plate").rename(folder / "plate2")
    until(lambda: paths(patient) == {"plate/deep/A01.tif", "plate2/deep/A01.tif"})


def test_a_sub_folder_that_is_deleted_and_made_again_is_heard_again(patient: Watcher, folder: Path) -> None:
    for number, content in enumerate((b"one", b"two", b"three"), start=1):
        (folder / "plate" / "deep").mkdir(parents=True)
        (folder / "plate" / "deep" / "A01.tif").write_bytes(content)
        until(partial(has, patient, "plate/deep/A01.tif", number))
        shutil.rmtree(folder / "plate")


def test_a_folder_where_a_file_was_and_a_file_where_a_folder_was(patient: Watcher, folder: Path) -> None:
    (folder / "A.tif").write_bytes(b"a file")
    (folder / "B.tif").mkdir()
    (folder / "B.tif" / "inner.tif").write_bytes(b"inner")
    until(lambda: paths(patient) == {"A.tif", "B.tif/inner.tif"})
    (folder / "A.tif").unlink()
    (folder / "A.tif").mkdir()
    (folder / "A.tif" / "inner.tif").write_bytes(b"inner")
    shutil.rmtree(folder / "B.tif")
    (folder / "B.tif").write_bytes(b"a file")
    until(lambda: paths(patient) == {"A.tif", "A.tif/inner.tif", "B.tif", "B.tif/inner.tif"})


def test_links_to_files_and_folders_elsewhere_are_not_followed(patient: Watcher, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret.tif").write_bytes(b"secret")
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    (folder / "link.tif").symlink_to(tmp_path / "elsewhere" / "secret.tif")
    (tmp_path / "elsewhere" / "secret.tif").write_bytes(b"changed secret")
    (folder / "A01.tif").write_bytes(b"A")
    until(lambda: paths(patient) == {"A01.tif"})
    assert patient.scan() == 1


def test_of_folders_that_appear_together_only_the_outermost_are_scanned() -> None:
    asked = Round(scans={"b", "a/x/y", "a", "a b", "a/x", "b/c"})
    assert asked.outermost == ["a", "a b", "b"]


def test_folders_with_different_policies_work_side_by_side(settings: Settings, tmp_path: Path) -> None:
    settled: dict[str, dict[str, object]] = {
        "closing": {"completion": "close_write"},
        "resting": {"completion": "stable", "observer": "polling", "poll_s": 0.1},
        "marking": {"completion": "marker", "marker": "{stem}.ready"},
        "renaming": {"completion": "rename", "unfinished": ("*.writing",)},
    }
    common = WatchedFolder(path=tmp_path, stable_s=0.2)
    rules = [
        common.model_copy(update={"name": name, "path": tmp_path / name, **more}) for name, more in settled.items()
    ]
    for rule in rules:
        rule.path.mkdir()
        (rule.path / "A01.writing").write_bytes(rule.name.encode())
    watcher = Watcher(with_folders(settings, *rules))
    watcher.start()
    try:
        for rule in rules:
            (rule.path / "A01.writing").rename(rule.path / "A01.tif")
        until(lambda: {e.folder for e in captures(watcher)} >= {"closing", "resting", "renaming"})
        until(lambda: watcher.reconcilers["marking"].waits == ("A01.tif: waits for its marker A01.ready",))
        (tmp_path / "marking" / "A01.ready").write_bytes(b"")
        until(lambda: "marking" in {e.folder for e in captures(watcher)})
        assert {name: each.policy.name for name, each in watcher.reconcilers.items()} == {
            "closing": "close_write",
            "resting": "stable",
            "marking": "marker",
            "renaming": "rename",
        }
    finally:
        watcher.stop()


def captures(watcher: Watcher) -> list[Entry]:
    return [entry for entry in watcher.overview.entries().items if entry.path == "A01.tif"]
