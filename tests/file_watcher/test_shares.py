"""Shares: looked at where nobody tells of changes, slow without delaying others, away without being empty."""

import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest

from file_watcher.pulse import PATIENCE_S, Pulse
from file_watcher.watcher import Watcher
from labrelay.cli.serve import _facts
from labrelay.settings import Settings
from labrelay.settings.model import Section, WatchedFolder
from tests.dead_share import dead
from tests.file_watcher.conftest import changed, with_folders
from tests.polling import until


@pytest.fixture
def folder(settings: Settings) -> Path:
    return settings.folders[0].path


@contextmanager
def watching(settings: Settings) -> Iterator[Watcher]:
    watcher = Watcher(settings)
    watcher.start()
    try:
        yield watcher
    finally:
        watcher.stop()


def found(watcher: Watcher) -> list[tuple[str, int]]:
    return sorted((entry.path, entry.generation) for entry in watcher.overview.entries(limit=1000).items)


def has_found(watcher: Watcher, number: int) -> bool:
    return len(found(watcher)) == number


def absence(watcher: Watcher) -> str:
    watcher.scan()
    return watcher.lookouts["input"].unreachable


@contextmanager
def mounted(root: Path, *options: str) -> Iterator[None]:
    """Something mounted at `root`; it goes away as a share does, whoever still looks at it."""
    command = shutil.which("mount")
    if command is None or subprocess.run([command, *options, str(root)], check=False, capture_output=True).returncode:
        pytest.skip("no right to mount a file system here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(root)], check=True)


def test_a_polled_folder_is_found_by_looking_alone(settings: Settings, folder: Path) -> None:
    settings = changed(settings, observer="polling", poll_s=0.1)
    slow = settings.model_copy(update={"oem": settings.oem.model_copy(update={"rescan_s": 3600.0})})
    with watching(slow) as watcher:
        lookout = watcher.lookouts["input"]
        until(lambda: lookout.polled)
        (folder / "plate" / "deep").mkdir(parents=True)
        (folder / "plate" / "deep" / "A01.tif").write_bytes(b"A")
        until(lambda: found(watcher) == [("plate/deep/A01.tif", 1)])
        (folder / "plate" / "deep" / "A01.tif").write_bytes(b"B is longer")
        until(lambda: len(found(watcher)) == 2)
        assert (lookout.watched, lookout.reconciler.policy.name) == (False, "stable")


@pytest.fixture
def both(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A share beside the local folder, and little patience with it."""
    monkeypatch.setattr("file_watcher.pulse.PATIENCE_S", 0.3)
    monkeypatch.setattr("file_watcher.folder.RESOLVE_S", 0.3)
    share = WatchedFolder(name="share", path=tmp_path / "share", poll_s=0.1, stable_s=0.1)
    share.path.mkdir()
    (share.path / "S01.tif").write_bytes(b"below the mount")
    return with_folders(settings, share, settings.folders[0])


def test_a_dead_share_delays_neither_the_start_nor_another_folder_and_shows(both: Settings, folder: Path) -> None:
    with ExitStack() as mount, ExitStack() as stack:
        give_up = mount.enter_context(dead(both.folders[0].path))
        watcher = stack.enter_context(watching(both))
        share = watcher.lookouts["share"]
        for number in range(3):
            (folder / f"{number}.tif").write_bytes(b"%d" % number)
            until(partial(has_found, watcher, number + 1))
        until(lambda: "no answer for" in share.unreachable)
        assert watcher.scan(wait_s=0.3) == 3
        assert watcher.lookouts["input"].unreachable == ""
        give_up()
        until(lambda: share.polled and "can't be reached" in share.unreachable)
        mount.close()
        until(partial(has_found, watcher, 4))
        until(lambda: share.watched and share.unreachable == "")


def test_outputs_that_go_to_a_dead_share_delay_no_start(both: Settings, folder: Path) -> None:
    share = both.folders[0].path
    oem: Section = both.oem.model_copy(update={"folders": both.folders[1:], "output_folder": share / "results"})
    with ExitStack() as stack:
        give_up = stack.enter_context(dead(share))
        late = threading.Timer(10.0, give_up)
        stack.callback(late.cancel)
        late.start()
        watcher = stack.enter_context(watching(both.model_copy(update={"oem": oem})))
        assert str(share) in "".join(_facts("oem", both))
        assert late.is_alive()
        (folder / "A01.tif").write_bytes(b"one")
        until(partial(has_found, watcher, 1))


def test_a_pulse_gives_a_large_file_its_time() -> None:
    pulse = Pulse()
    assert pulse.silence == ""
    pulse.beat("plate", -int(PATIENCE_S * 1_000_000) - 1)
    assert "no answer for 0 s when asked for plate" in pulse.silence
    pulse.beat("huge.tif", 5_000_000_000)
    assert pulse.silence == ""
    pulse.rest()
    assert pulse.silence == ""


@pytest.mark.parametrize("vanish", ["unmount", "rename"])
def test_a_share_that_goes_away_and_returns_announces_nothing_twice(
    settings: Settings, folder: Path, tmp_path: Path, vanish: str
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    kinds: dict[str, Callable[[], AbstractContextManager[None]]] = {
        "unmount": lambda: mounted(folder, "--bind", str(disk)),
        "rename": lambda: renamed(disk, folder),
    }
    here = kinds[vanish]
    with watching(settings) as watcher:
        with here():
            (folder / "A01.tif").write_bytes(b"one")
            until(lambda: found(watcher) == [("A01.tif", 1)])
            assert absence(watcher) == ""
        assert ("is empty" if vanish == "unmount" else "can't be reached") in absence(watcher)
        with here():
            assert absence(watcher) == ""
            (folder / "A02.tif").write_bytes(b"two")
            until(lambda: len(found(watcher)) == 2)
            assert watcher.lookouts["input"].watched
        assert found(watcher) == [("A01.tif", 1), ("A02.tif", 1)]


@contextmanager
def renamed(disk: Path, root: Path) -> Iterator[None]:
    if root.exists():
        root.rmdir()
    disk.rename(root)
    try:
        yield
    finally:
        root.rename(disk)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no mount")
def test_a_share_that_is_mounted_anew_with_other_numbers_announces_nothing_twice(
    settings: Settings, folder: Path, tmp_path: Path
) -> None:
    with watching(settings) as watcher:
        with mounted(folder, "-t", "tmpfs", "none"):
            (folder / "A01.tif").write_bytes(b"one")
            until(lambda: found(watcher) == [("A01.tif", 1)])
            assert absence(watcher) == ""
            shutil.copytree(folder, tmp_path / "backup")
        assert "is empty" in absence(watcher)
        with mounted(folder, "-t", "tmpfs", "none"):
            (folder / "decoy").mkdir()
            shutil.copytree(tmp_path / "backup", folder, dirs_exist_ok=True)
            (folder / "A02.tif").write_bytes(b"two")
            until(lambda: len(found(watcher)) >= 2)
            assert absence(watcher) == ""
            until(lambda: watcher.reconcilers["input"].waiting == 0)
        assert found(watcher) == [("A01.tif", 1), ("A02.tif", 1)]


def test_a_mount_point_that_is_left_empty_is_away_also_after_a_restart(
    settings: Settings, folder: Path, tmp_path: Path
) -> None:
    (folder / "A01.tif").write_bytes(b"one")
    with watching(settings) as watcher:
        until(lambda: len(found(watcher)) == 1)
    folder.rename(tmp_path / "away")
    folder.mkdir()
    with watching(settings) as watcher:
        assert "is its share mounted" in absence(watcher)
        (folder / "A02.tif").write_bytes(b"written to it all the same")
        until(lambda: len(found(watcher)) == 2)
        assert absence(watcher) == ""


def test_a_journal_that_remembers_no_folder_yet_believes_an_empty_one(settings: Settings, folder: Path) -> None:
    """As a journal of the version before: its lab may have cleared the folder long ago."""
    (folder / "A01.tif").write_bytes(b"one")
    with watching(settings) as watcher:
        until(lambda: len(found(watcher)) == 1)
    with sqlite3.connect(settings.oem_layout.journal) as journal:
        journal.execute("DROP TABLE roots")
    journal.close()
    (folder / "A01.tif").unlink()
    with watching(settings) as watcher:
        assert absence(watcher) == ""
        assert len(found(watcher)) == 1


def test_a_share_that_is_mounted_after_the_first_start_has_its_first_look_then(
    settings: Settings, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("file_watcher.existing.COARSE_NS", 0)
    share = tmp_path / "share"
    share.mkdir()
    with mounted(share, "-t", "tmpfs", "none"):
        (share / "old.tif").write_bytes(b"old")
        with watching(changed(settings, existing="ignore")) as watcher, ExitStack() as stack:
            assert absence(watcher) == ""
            stack.enter_context(mounted(folder, "--bind", str(share)))
            watcher.scan()
            (folder / "new.tif").write_bytes(b"new")
            until(lambda: len(found(watcher)) == 1)
            assert found(watcher) == [("new.tif", 1)]


def test_what_came_to_an_empty_share_before_it_was_mounted_anew_is_taken(
    settings: Settings, folder: Path, tmp_path: Path
) -> None:
    settings = changed(settings, existing="ignore")
    anew = tmp_path / "anew"
    anew.mkdir()
    with mounted(anew, "-t", "tmpfs", "none"):
        with mounted(folder, "-t", "tmpfs", "none"), watching(settings) as watcher:
            assert absence(watcher) == ""
        (anew / "A01.tif").write_bytes(b"while nobody looked")
        with mounted(folder, "--bind", str(anew)), watching(settings) as watcher:
            until(lambda: found(watcher) == [("A01.tif", 1)], seconds=5)


def test_an_empty_folder_that_is_meant_to_be_empty_isnt_away(settings: Settings, folder: Path, tmp_path: Path) -> None:
    (folder / "A01.tif").write_bytes(b"one")
    with watching(settings) as watcher:
        until(lambda: len(found(watcher)) == 1)
        folder.rename(tmp_path / "away")
        folder.mkdir()
        assert "is empty" in absence(watcher)
        watcher.scan(emptied=True)
        assert absence(watcher) == ""


def test_a_folder_whose_files_were_cleared_away_isnt_away(settings: Settings, folder: Path) -> None:
    (folder / "A01.tif").write_bytes(b"one")
    with watching(settings) as watcher:
        until(lambda: len(found(watcher)) == 1)
        (folder / "A01.tif").unlink()
        assert absence(watcher) == ""


def test_a_file_at_the_root_is_no_folder(settings: Settings, folder: Path) -> None:
    folder.rmdir()
    folder.write_bytes(b"")
    with watching(settings) as watcher:
        assert "can't be reached" in absence(watcher)
