"""Several folders, each with its own settings; folders that overlap are refused."""

from pathlib import Path

import pytest

from file_watcher.folder import folders_of
from file_watcher.watcher import Watcher
from labrelay.errors import SettingsInvalid
from labrelay.settings import Settings
from labrelay.settings.model import WatchedFolder
from tests.file_watcher.conftest import with_folders
from tests.polling import until


@pytest.mark.parametrize("other", ["input", "input/deep", "link"])
def test_overlapping_folders_are_refused(settings: Settings, other: str) -> None:
    root = settings.folders[0].path
    (root.parent / "link").symlink_to(root)
    second = WatchedFolder(name="second", path=root.parent / other)
    with pytest.raises(SettingsInvalid, match="overlap: a file in both would be captured twice"):
        folders_of(with_folders(settings, settings.folders[0], second))


def test_each_folder_has_its_own_patterns(settings: Settings, tmp_path: Path) -> None:
    second = WatchedFolder(name="second", path=tmp_path / "second", include=("*.png",), stable_s=0.2)
    second.path.mkdir()
    for folder in (settings.folders[0].path, second.path):
        for name in ("a.png", "a.tif"):
            (folder / name).write_bytes(str(folder / name).encode())
    watcher = Watcher(with_folders(settings, settings.folders[0], second))
    watcher.start()
    try:
        until(lambda: len(watcher.overview.entries().items) == 3)
        found = {(entry.folder, entry.path) for entry in watcher.overview.entries().items}
        assert found == {("input", "a.png"), ("input", "a.tif"), ("second", "a.png")}
    finally:
        watcher.stop()


def test_a_folder_that_is_away_at_start_is_watched_when_it_comes(settings: Settings) -> None:
    root = settings.folders[0].path
    root.rmdir()
    watcher = Watcher(settings)
    watcher.start()
    try:
        watcher.scan()
        assert not watcher.lookouts["input"].watched
        root.mkdir()
        (root / "a.tif").write_bytes(b"a")
        until(lambda: len(watcher.overview.entries().items) == 1)
        assert watcher.lookouts["input"].watched
    finally:
        watcher.stop()


def test_only_the_default_folder_is_made(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    watcher = Watcher(with_folders(settings))
    watcher.start()
    watcher.stop()
    assert (tmp_path / "oem-files" / "input").is_dir()
