"""An output share that isn't mounted leaves an empty folder behind: nothing is written into that."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

import file_receiver.oem.app
from file_receiver.oem.errors import OutputFolderBlocked
from file_receiver.oem.folder import OutputFolder
from file_receiver.oem.receipts import Receipts
from labrelay.settings import Settings
from labrelay.settings.storage import Storage
from tests.file_receiver.doubles import Repository, served
from tests.file_receiver.test_returns import FILES, complete, names, offered
from tests.polling import until


def mount(*words: str) -> None:
    if sys.platform != "linux" or os.geteuid() != 0 or subprocess.run(["mount", *words], check=False).returncode:
        pytest.skip("no right to mount a file system here")


@pytest.fixture
def share(tmp_path: Path, settings: Settings) -> Iterator[Path]:
    """The share's content, also while it isn't mounted at the output folder."""
    behind = tmp_path / "server"
    for folder in (behind, settings.oem.output_folder):
        folder.mkdir(parents=True)
    mount("-t", "tmpfs", "-o", "size=2g", "none", str(behind))
    mount("--bind", str(behind), str(settings.oem.output_folder))
    yield behind
    for folder in (settings.oem.output_folder, behind):
        subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True)


@contextmanager
def away(settings: Settings, share: Path) -> Iterator[None]:
    subprocess.run(["umount", "-l", str(settings.oem.output_folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["mount", "--bind", str(share), str(settings.oem.output_folder)], check=True)


@pytest.fixture
def receipts(settings: Settings) -> Iterator[Receipts]:
    store = Receipts(settings.oem_layout.receipts)
    store.open()
    yield store
    store.close()


def test_outputs_wait_for_their_share_and_none_is_hidden_below_it(
    settings: Settings, repository: Repository, share: Path
) -> None:
    settings = settings.model_copy(update={"storage": Storage(keep_free_bytes=0)})
    output = settings.oem.output_folder
    with served(file_receiver.oem.app.create(settings), settings.ports.file_receiver_oem) as url:
        first = offered(settings, repository)
        until(lambda: complete(repository, first))
        with away(settings, share):
            second = offered(settings, repository, "a/c.tif")
            status = until(lambda: (found := resting(url)) and second.id in found and found)
            assert "is its share mounted" in status[second.id]
            assert "Mount it" in status[second.id]
            assert list(output.iterdir()) == []
        until(lambda: complete(repository, second))
    assert len(names(output)) == 2 * len(FILES)


def resting(url: str) -> dict[str, str]:
    return dict(requests.get(f"{url}/api/v2/status", timeout=5).json()["resting"])


def test_a_share_that_is_mounted_under_another_number_is_the_same_if_it_has_files(
    settings: Settings, share: Path, receipts: Receipts, tmp_path: Path
) -> None:
    receipts.note("output device", 1)
    folder = OutputFolder(settings.oem.output_folder, receipts)
    with pytest.raises(OutputFolderBlocked, match="is its share mounted"):
        folder.check()
    (share / "plate 1").mkdir()
    with pytest.raises(OutputFolderBlocked):  # folders alone may be left of a write into the mount point
        folder.check()
    (share / "plate 1" / "a.tif").write_bytes(b"results of last week")
    folder.check()
    assert receipts.noted("output device") == settings.oem.output_folder.stat().st_dev


def test_a_file_that_was_written_while_the_share_went_away_is_taken_back(
    settings: Settings, share: Path, receipts: Receipts
) -> None:
    folder = OutputFolder(settings.oem.output_folder, receipts)
    folder.check()
    with away(settings, share):
        written = settings.oem.output_folder / "a.tif"
        written.write_bytes(b"hidden")
        with pytest.raises(OutputFolderBlocked, match="went away"):
            folder.confirm(written)
        assert not written.exists()
    with pytest.raises(OutputFolderBlocked), away(settings, share):
        folder.check()


def test_a_folder_in_it_may_be_a_file_system_of_its_own(settings: Settings, share: Path, receipts: Receipts) -> None:
    folder = OutputFolder(settings.oem.output_folder, receipts)
    folder.check()
    plate = settings.oem.output_folder / "plate"
    plate.mkdir()
    mount("-t", "tmpfs", "-o", "size=1m", "none", str(plate))
    try:
        (plate / "a.tif").write_bytes(b"seen")
        folder.confirm(plate / "a.tif")
        assert (plate / "a.tif").exists()
        with pytest.raises(OutputFolderBlocked, match="went away"):
            folder.confirm(plate / "never written.tif")
    finally:
        subprocess.run(["umount", "-l", str(plate)], check=True)


def test_a_folder_that_was_removed_is_made_anew(settings: Settings, receipts: Receipts) -> None:
    output = settings.oem.output_folder
    output.mkdir(parents=True)
    folder = OutputFolder(output, receipts)
    folder.check()
    output.rmdir()
    folder.check()
