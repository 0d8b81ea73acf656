"""The output folder: is it the one that outputs were written to? An unmounted share leaves an empty folder behind.

What would be written into that empty folder lies hidden below the share when it is mounted again.
"""

from pathlib import Path
from typing import Final

from file_receiver.oem.errors import OutputFolderBlocked
from file_receiver.oem.receipts import Receipts
from labrelay.errors import StorageFull
from labrelay.files import is_temporary
from labrelay.room import room_of
from labrelay.settings.model import Storage

DEVICE: Final = "output device"
OUTPUT_DISK: Final = "the disk of the output folder"
FREE: Final = "Free space on it, or raise `storage.watermark` there; labrelay goes on by itself."
NO_LIMITS: Final = Storage(watermark=1.0, keep_free_bytes=0)
LARGEST: Final = 2**63 - 1
"""SQLite's; Windows has larger numbers."""


class OutputFolder:
    """Remembers the file system that outputs were written to, also over a restart.

    Another one counts as the same folder when there are files in it: shares get new numbers when they are mounted.

    Args:
        root: the folder; made where it isn't there yet.
        receipts: where the file system's number is noted.
        limits: how full its disk may get.
    """

    def __init__(self, root: Path, receipts: Receipts, limits: Storage = NO_LIMITS) -> None:
        self._root = root
        self._receipts = receipts
        self._room = room_of(OUTPUT_DISK, root, limits)

    @property
    def warning(self) -> str:
        """What a person should know of its disk; empty while all is well."""
        return self._room.look().words

    def check_room(self, coming: int) -> None:
        """See that so many bytes have room.

        Raises:
            OutputFolderBlocked: they have none; the job says so and waits.
        """
        try:
            self._room.check(coming)
        except StorageFull as full:
            raise OutputFolderBlocked(full.cause, next_step=FREE) from full

    def check(self) -> None:
        """See that outputs may be written.

        Raises:
            OutputFolderBlocked: it is another, empty folder than the one that outputs were written to.
            OSError: it can't be reached.
        """
        device, noted = _device(self._root), self._receipts.noted(DEVICE)
        if noted == device:
            return
        if noted is not None and not _holds_files(self._root):
            raise OutputFolderBlocked(
                f"The output folder {self._root} is empty, and isn't the one that outputs were written to: is its "
                "share mounted?",
                next_step="Mount it, and labrelay goes on by itself. If it is the new one, put any file into it.",
            )
        self._receipts.note(DEVICE, device)

    def confirm(self, file: Path) -> None:
        """See that a file that was just written lies in it; one that doesn't is taken away again.

        A folder in it may be a file system of its own; the folder itself must be the one that was checked.

        Raises:
            OutputFolderBlocked: its share went away meanwhile.
        """
        if _device(self._root) != self._receipts.noted(DEVICE) or not file.exists():
            file.unlink(missing_ok=True)
            raise OutputFolderBlocked(f"The output folder {self._root} went away while {file.name} was written.")


def _device(path: Path) -> int:
    """The file system of a path, or of the nearest folder above that is there."""
    there = next(each for each in (path.absolute(), *path.absolute().parents) if each.exists())
    return there.stat().st_dev & LARGEST


def _holds_files(root: Path) -> bool:
    return any(path.is_file() and not is_temporary(path.name) for path in root.rglob("*")) if root.is_dir() else False
