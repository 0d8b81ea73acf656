"""The running watcher with real events: each finished content becomes one entry, whatever the instrument does."""

import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from file_watcher.bodies import Entry
from file_watcher.folder import CLOSES_ARE_HEARD
from file_watcher.watcher import Watcher
from labrelay.settings import Settings
from tests.file_watcher.conftest import changed
from tests.polling import until


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def entries(watcher: Watcher, path: str | None = None) -> list[Entry]:
    return list(reversed(watcher.overview.entries(path, limit=1000).items))


def contents(watcher: Watcher, path: str | None = None) -> list[str]:
    return [entry.sha256 for entry in entries(watcher, path)]


def _has(watcher: Watcher, number: int) -> bool:
    return len(contents(watcher)) == number


def at_rest(watcher: Watcher) -> bool:
    return all(each.waiting == 0 for each in watcher.reconcilers.values())


@pytest.fixture
def folder(settings: Settings) -> Path:
    return settings.folders[0].path


def test_a_slow_writer_in_chunks_yields_one_entry_with_the_final_digest(running: Watcher, folder: Path) -> None:
    with (folder / "A01.tif").open("wb") as stream:
        for _ in range(8):
            stream.write(b"pixels" * 1000)
            stream.flush()
            time.sleep(0.04)
        assert contents(running) == []
    until(lambda: bool(contents(running)))
    time.sleep(0.4)
    assert contents(running) == [digest(b"pixels" * 8000)]


@pytest.mark.skipif(not CLOSES_ARE_HEARD, reason="this system doesn't tell closes")
def test_a_writer_that_pauses_longer_than_the_stable_time_is_waited_for(running: Watcher, folder: Path) -> None:
    with (folder / "A01.tif").open("wb") as stream:
        time.sleep(0.5)
        for _ in range(3):
            stream.write(b"pixels" * 1000)
            stream.flush()
            time.sleep(0.5)
        running.scan()
    until(lambda: bool(contents(running)))
    assert contents(running) == [digest(b"pixels" * 3000)]


def test_a_writer_that_closes_between_chunks_yields_one_entry_under_stable(settings: Settings, folder: Path) -> None:
    watcher = Watcher(changed(settings, completion="stable", stable_s=0.5))
    watcher.start()
    try:
        for _ in range(8):
            with (folder / "A01.tif").open("ab") as stream:
                stream.write(b"pixels")
            time.sleep(0.05)
        until(lambda: bool(contents(watcher)))
        assert contents(watcher) == [digest(b"pixels" * 8)]
    finally:
        watcher.stop()


def test_overwriting_a_with_b_and_a_again_makes_three_entries(running: Watcher, folder: Path) -> None:
    file = folder / "A01.tif"
    for number, content in enumerate((b"A", b"B", b"A"), start=1):
        file.write_bytes(content)
        until(partial(_has, running, number))
    assert contents(running) == [digest(b"A"), digest(b"B"), digest(b"A")]
    assert [entry.generation for entry in entries(running)] == [1, 2, 3]


def test_a_rewrite_that_leaves_size_and_time_alone_is_seen_by_its_close(running: Watcher, folder: Path) -> None:
    file = folder / "A01.tif"
    file.write_bytes(b"A")
    until(lambda: len(contents(running)) == 1)
    seen = file.stat()
    descriptor = os.open(file, os.O_WRONLY)
    os.write(descriptor, b"B")
    os.utime(file, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    os.close(descriptor)
    until(lambda: len(contents(running)) == 2)


def test_the_same_content_written_again_is_no_new_entry(running: Watcher, folder: Path) -> None:
    (folder / "A01.tif").write_bytes(b"same")
    until(lambda: len(contents(running)) == 1)
    (folder / "A01.tif").write_bytes(b"same")
    (folder / "later.tif").write_bytes(b"later")
    until(lambda: len(contents(running)) == 2 and at_rest(running))
    assert contents(running, "A01.tif") == [digest(b"same")]


def test_a_burst_of_500_files_is_taken_completely(running: Watcher, folder: Path) -> None:
    for number in range(500):
        (folder / f"{number:03}.tif").write_bytes(b"%d" % number)
    until(lambda: len(contents(running)) == 500)
    assert sorted(contents(running)) == sorted(digest(b"%d" % number) for number in range(500))


def test_a_file_renamed_into_the_folder_is_taken(running: Watcher, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.tif").write_bytes(b"moved")
    (tmp_path / "outside.tif").rename(folder / "A01.tif")
    until(lambda: contents(running, "A01.tif") == [digest(b"moved")])


def test_a_temporary_name_is_taken_when_it_is_renamed(running: Watcher, folder: Path) -> None:
    (folder / "A01.tmp").write_bytes(b"whole")
    (folder / "A01.tmp").rename(folder / "A01.tif")
    until(lambda: bool(contents(running)))
    assert [entry.path for entry in entries(running)] == ["A01.tif"]


def test_files_in_sub_folders_that_appear_and_that_were_there_are_taken(settings: Settings, folder: Path) -> None:
    (folder / "old" / "deep").mkdir(parents=True)
    (folder / "old" / "deep" / "before.tif").write_bytes(b"before")
    watcher = Watcher(settings)
    watcher.start()
    try:
        until(lambda: len(contents(watcher)) == 1)
        (folder / "old" / "deep" / "after.tif").write_bytes(b"after")
        (folder / "new" / "deeper").mkdir(parents=True)
        (folder / "new" / "deeper" / "new.tif").write_bytes(b"new")
        until(lambda: len(contents(watcher)) == 3)
        assert {e.path for e in entries(watcher)} == {"old/deep/before.tif", "old/deep/after.tif", "new/deeper/new.tif"}
    finally:
        watcher.stop()


def test_a_whole_folder_moved_in_is_taken(running: Watcher, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "plate" / "row").mkdir(parents=True)
    for name in ("A01.tif", "row/A02.tif"):
        (tmp_path / "plate" / name).write_bytes(name.encode())
    (tmp_path / "plate").rename(folder / "plate")
    until(lambda: {e.path for e in entries(running)} == {"plate/A01.tif", "plate/row/A02.tif"})


def test_a_copy_that_keeps_its_times_is_one_entry(running: Watcher, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "source.tif").write_bytes(b"source")
    os.utime(tmp_path / "source.tif", ns=(1, 1_600_000_000_000_000_000))
    shutil.copy2(tmp_path / "source.tif", folder / "A01.tif")
    until(lambda: bool(contents(running)) and at_rest(running))
    assert contents(running) == [digest(b"source")]


def test_lost_events_are_found_by_a_scan(running: Watcher, folder: Path) -> None:
    running.lookouts["input"]._hearing.stop()
    (folder / "A01.tif").write_bytes(b"unheard")
    running.lookouts["input"]._hearing._lost()
    until(lambda: len(contents(running)) == 1)


def test_a_folder_that_goes_away_and_comes_back_announces_nothing_twice(
    running: Watcher, folder: Path, tmp_path: Path
) -> None:
    (folder / "A01.tif").write_bytes(b"one")
    until(lambda: len(contents(running)) == 1)
    folder.rename(tmp_path / "away")
    running.scan()
    assert not running.lookouts["input"].watched
    (tmp_path / "away").rename(folder)
    running.scan()
    (folder / "A02.tif").write_bytes(b"two")
    until(lambda: len(contents(running)) == 2)
    assert {e.path for e in entries(running)} == {"A01.tif", "A02.tif"}


def test_a_folder_that_is_deleted_and_made_again_is_watched_again(running: Watcher, folder: Path) -> None:
    (folder / "A01.tif").write_bytes(b"one")
    until(lambda: len(contents(running)) == 1)
    shutil.rmtree(folder)
    folder.mkdir()
    running.scan()
    (folder / "A01.tif").write_bytes(b"two")
    until(lambda: contents(running) == [digest(b"one"), digest(b"two")])


@pytest.fixture
def restarted(settings: Settings, folder: Path) -> Iterator[Watcher]:
    (folder / "A01.tif").write_bytes(b"one")
    first = Watcher(settings)
    first.start()
    until(lambda: len(contents(first)) == 1)
    first.stop()
    (folder / "A02.tif").write_bytes(b"written while nobody looked")
    second = Watcher(settings)
    second.start()
    yield second
    second.stop()


def test_a_restart_finds_what_was_written_meanwhile_and_nothing_twice(restarted: Watcher) -> None:
    until(lambda: len(contents(restarted)) == 2)
    assert [(e.path, e.generation) for e in entries(restarted)] == [("A01.tif", 1), ("A02.tif", 1)]
