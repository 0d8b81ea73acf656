"""A disk that gets full: a warning first, then intake stops, and goes on when there is clearly room again."""

from pathlib import Path

import pytest

from labrelay import room
from labrelay.errors import StorageFull
from labrelay.room import Level, Room, room_of
from labrelay.settings.model import Storage

LIMITS = Storage(watermark=0.9, warn=0.05, reopen=0.02, keep_free_bytes=1000)


class Disk:
    """What the system says of a disk."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.used, self.free = 0.5, 10**9
        patch.setattr(room, "usage", lambda folder: (self.used, self.free))


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def test_a_disk_warns_stops_and_goes_on_by_itself(disk: Disk, tmp_path: Path) -> None:
    here = Room("the disk", tmp_path, LIMITS)
    levels = []
    for disk.used in (0.5, 0.86, 0.91, 0.89, 0.87, 0.84):
        levels.append(here.look().level)
    well, warned, full = Level.WELL, Level.WARNED, Level.FULL
    assert levels == [well, warned, full, full, warned, well]


def test_too_few_free_bytes_stop_it_too_until_there_are_clearly_more(disk: Disk, tmp_path: Path) -> None:
    here = Room("the disk", tmp_path, LIMITS)
    levels = []
    for disk.free in (1999, 999, 1050, 1100, 2000):
        levels.append(here.look().level)
    assert levels == [Level.WARNED, Level.FULL, Level.FULL, Level.WARNED, Level.WELL]


def test_one_file_that_is_too_large_stops_no_other(disk: Disk, tmp_path: Path) -> None:
    here, disk.free = Room("the disk", tmp_path, LIMITS), 5000
    with pytest.raises(StorageFull, match="less than 1,000 bytes free on the disk"):
        here.check(4001)
    here.check(4000)
    assert not here.full


def test_a_full_disk_says_how_full_it_is_and_why_nothing_comes_in(disk: Disk, tmp_path: Path) -> None:
    here, disk.used = Room("the gateway's disk", tmp_path / "not there yet", LIMITS), 0.97
    with pytest.raises(StorageFull, match=r"The gateway's disk is 97% full.*above its watermark of 90%"):
        here.check()
    assert here.full


def test_too_few_free_bytes_are_told_to_the_byte_as_the_setting_has_them(disk: Disk, tmp_path: Path) -> None:
    here, disk.free = Room("the disk", tmp_path, LIMITS), 999
    assert here.look().words.endswith("less than `storage.keep_free_bytes` (1,000).")


def test_all_who_ask_in_one_process_share_one_room(tmp_path: Path) -> None:
    assert room_of("a", tmp_path, LIMITS) is room_of("a", tmp_path, Storage(**LIMITS.model_dump()))
    assert room_of("a", tmp_path, LIMITS) is not room_of("a", tmp_path, LIMITS.inner)


def test_inner_stores_go_on_into_what_is_kept_free(disk: Disk, tmp_path: Path) -> None:
    disk.used, disk.free = 0.99, 600
    assert Room("a", tmp_path, LIMITS).look().level is Level.FULL
    assert Room("a", tmp_path, LIMITS.inner).look().level is Level.WARNED
