"""Room on a disk: intake stops before it is full, says so, and goes on by itself when there is room again."""

import shutil
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from labrelay.contracts.disks import DiskTrouble, disk_words
from labrelay.errors import StorageFull
from labrelay.settings.storage import Storage

LEAST_FREE: Final = 1_000_000
"""Bytes: with less free a disk counts as full whatever its limits are."""
AGAIN: Final = 1.1
"""Times `keep_free_bytes` must be free before intake goes on."""
STALE_S: Final = 0.5
LEAST_BELOW: Final = 0.9
"""Of a low watermark so much is enough to go on, however large `storage.reopen` is."""


class Level(StrEnum):
    """How a disk fares."""

    WELL = "well"
    WARNED = "warned"
    FULL = "full"


@dataclass(frozen=True)
class Look:
    """One look at a disk.

    Attributes:
        used: share of used space, 0 to 1; blocks kept for root count as neither used nor free, as `df` does it.
        free: bytes.
        told: what `labrelay.contracts.disks` draws words from; empty while all is well.
    """

    level: Level
    used: float
    free: int
    told: Mapping[str, str | float] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """For people: English, and by `labrelay.words._` in any language; empty while all is well."""
        return disk_words(self.told) if self.told else ""


class Room:
    """The disk below one folder.

    Args:
        name: whose disk it is, for people, e.g. `the gateway's disk`.
        folder: needn't be there yet.
        limits: how full it may get.
    """

    def __init__(self, name: str, folder: Path, limits: Storage) -> None:
        self.name = name
        self._folder = folder
        self._limits = limits
        self._closed = False
        self._looked = float("-inf")

    @property
    def full(self) -> bool:
        """Whether intake has stopped; the disk is looked at twice a second at most, so it is cheap to ask."""
        if time.monotonic() - self._looked > STALE_S:
            self.look()
        return self._closed

    def look(self) -> Look:
        """How the disk fares now; once closed it stays so until there is clearly room again."""
        used, free = usage(self._folder)
        self._looked = time.monotonic()
        limits = self._limits
        above, below = used > limits.watermark, free < limits.keep_free_bytes
        if above or below:
            self._closed = True
        elif used <= self._reopens_at and free >= AGAIN * limits.keep_free_bytes:
            self._closed = False
        if self._closed:
            why = DiskTrouble.TOO_LITTLE_FREE if below else DiskTrouble.ABOVE_WATERMARK
            return Look(Level.FULL, used, free, self._told(why, used, free))
        if used > limits.watermark - limits.warn or free < 2 * limits.keep_free_bytes:
            why = DiskTrouble.NEAR_TOO_LITTLE if limits.watermark >= 1 else DiskTrouble.NEAR_WATERMARK
            return Look(Level.WARNED, used, free, self._told(why, used, free))
        return Look(Level.WELL, used, free)

    def check(self, coming: int = 0) -> None:
        """Refuse `coming` bytes when the disk is too full for them.

        Raises:
            StorageFull: nothing more is taken in, or these bytes would leave too little.
        """
        seen = self.look()
        if seen.level is Level.FULL:
            raise StorageFull(seen.words)
        if seen.free - coming < self._limits.keep_free_bytes:
            kept = self._limits.keep_free_bytes
            raise StorageFull(f"{coming:,} bytes more would leave less than {kept:,} bytes free on {self.name}.")

    def _told(self, why: DiskTrouble, used: float, free: int) -> dict[str, str | float]:
        limits = {"watermark": self._limits.watermark, "kept": self._limits.keep_free_bytes}
        return {"trouble": why.value, "disk": self.name, "used": used, "free": free, **limits}

    @property
    def _reopens_at(self) -> float:
        mark = self._limits.watermark
        return max(mark - self._limits.reopen, LEAST_BELOW * mark)


def usage(folder: Path) -> tuple[float, int]:
    """Share of used space and free bytes of the disk that a folder lies on, or will."""
    whole = folder.absolute()
    there = next(path for path in (whole, *whole.parents) if path.exists())
    seen = shutil.disk_usage(there)
    return seen.used / max(1, seen.used + seen.free), seen.free


def is_full(folder: Path) -> bool:
    """Whether the disk of a folder has no room for anything: what can't be written there fails for this reason."""
    return usage(folder)[1] < LEAST_FREE


_rooms: dict[tuple[str, Path, Storage], Room] = {}
_turn = threading.Lock()


def room_of(name: str, folder: Path, limits: Storage) -> Room:
    """The one room of a folder in this process, so that all who ask hear the same."""
    with _turn:
        return _rooms.setdefault((name, folder, limits), Room(name, folder, limits))
