"""The gateway's input store: room on its disk, and contents that appear in it whole, durable and read-only."""

import errno
import os
import shutil
import stat
from pathlib import Path
from typing import Final

from labrelay.errors import StorageFull
from labrelay.files import fsync_folder, temporary_beside
from labrelay.room import room_of
from labrelay.settings.model import Storage

GATEWAY_DISK: Final = "the gateway's disk"
GOING: Final = ".going"
"""What a name gets while it is decided whether it is deleted: nobody finds it, and it can be brought back."""
_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def check_room(folder: Path, coming: int, limits: Storage) -> None:
    """Refuse `coming` bytes when the disk below `folder` is too full for them.

    Raises:
        StorageFull: above `storage.watermark`, or less than `storage.keep_free_bytes` would be left.
    """
    room_of(GATEWAY_DISK, folder, limits).check(coming)


def disk_error(error: OSError) -> Exception:
    """A full disk in labrelay's words; any other error as it is."""
    return StorageFull(f"The gateway's disk is full ({error.strerror}).") if error.errno in _FULL else error


def make_blob_folder(blob: Path) -> None:
    """The folder of a blob, durable up to the store."""
    folder = blob.parent
    if folder.is_dir():
        return
    folder.mkdir(parents=True, exist_ok=True)
    for changed in (folder.parent, folder.parent.parent):
        fsync_folder(changed)


def holds(blob: Path, size: int) -> bool:
    """Whether the store has this content whole."""
    return bytes_of(blob) == size


def bytes_of(file: Path) -> int | None:
    """Size of a file that may come or go at this very moment; None when there is none."""
    try:
        told = file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return told.st_size if stat.S_ISREG(told.st_mode) else None


def publish_blob(part: Path, blob: Path, size: int) -> None:
    """Let a finished temporary file (same file system, already on disk) stand as `blob`, read-only and durable."""
    if holds(blob, size):  # another arrival of the same content was quicker
        part.unlink()
    else:
        part.chmod(0o444)
        part.replace(blob)
    fsync_folder(blob.parent)


def link_blob(part: Path, blob: Path, size: int) -> None:
    """The same while `part` stays, to be laid down once more should the blob be deleted at this very moment.

    On file systems without links `part` becomes the blob.
    """
    if not holds(blob, size):
        part.chmod(0o444)
        link = temporary_beside(blob)
        try:
            os.link(part, link)
        except OSError:
            link = part
        link.replace(blob)
    fsync_folder(blob.parent)


def going_of(path: Path) -> Path:
    """Where something lies while it is decided whether it is deleted."""
    return path.with_name(path.name + GOING)


def set_aside(path: Path) -> Path | None:
    """Take something away from everybody's sight, durably; None where it is gone or in use."""
    going = going_of(path)
    try:
        path.rename(going)
    except OSError:
        return None
    fsync_folder(path.parent)
    return going


def put_back(path: Path) -> None:
    """Let it stand again; where the same has come anew meanwhile, that one stays."""
    going = going_of(path)
    if path.exists():
        drop(going)
    elif going.exists():
        going.rename(path)
    fsync_folder(path.parent)


def drop(going: Path) -> None:
    """Delete what was set aside; a folder with all that it holds."""
    if going.is_dir():
        shutil.rmtree(going)
    else:
        going.unlink(missing_ok=True)
    fsync_folder(going.parent)
