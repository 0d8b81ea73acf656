"""The gateway's input store: room on its disk, and contents that appear in it whole, durable and read-only."""

import errno
import shutil
from pathlib import Path
from typing import Final

from labrelay.errors import StorageFull
from labrelay.files import fsync_folder
from labrelay.settings.model import Storage

_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def check_room(folder: Path, coming: int, limits: Storage) -> None:
    """Refuse `coming` bytes when the disk below `folder` is too full for them.

    Raises:
        StorageFull: above `storage.watermark`, or less than `storage.keep_free_bytes` would be left.
    """
    there = next(path for path in (folder, *folder.parents) if path.exists())
    usage = shutil.disk_usage(there)
    # Blocks kept for root count as neither used nor free, as `df` does it.
    share = usage.used / max(1, usage.used + usage.free)
    if share > limits.watermark:
        raise StorageFull(f"The gateway's disk is {share:.0%} full, above its watermark of {limits.watermark:.0%}.")
    if usage.free - coming < limits.keep_free_bytes:
        raise StorageFull(
            f"{coming:,} bytes more would leave less than {limits.keep_free_bytes:,} bytes free on the gateway's disk."
        )


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
    return blob.is_file() and blob.stat().st_size == size


def publish_blob(part: Path, blob: Path, size: int) -> None:
    """Let a finished temporary file (same file system, already on disk) stand as `blob`, read-only and durable."""
    if holds(blob, size):  # another arrival of the same content was quicker
        part.unlink()
    else:
        part.chmod(0o444)
        part.replace(blob)
    fsync_folder(blob.parent)
