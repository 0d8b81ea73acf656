"""Publishing: a file appears under its name complete and on disk, or not at all."""

import hashlib
import os
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from labrelay.files.digest import CHUNK
from labrelay.files.names import TEMPORARY
from labrelay.files.opening import regular


def temporary_beside(final: Path, tag: str | None = None) -> Path:
    """A temporary name in the same folder; with a `tag` the same one each time, so that a transfer can resume."""
    return final.with_name(f".{tag or uuid4().hex}{TEMPORARY}")


def open_temporary(temporary: Path) -> BinaryIO:
    """Open a temporary file to go on with it, made new where there is none.

    Its name can be foreseen, so a link that somebody has laid there is removed, not followed.

    Raises:
        OSError: it can't be opened, or is no plain file.
    """
    if temporary.is_symlink():
        temporary.unlink()
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
    return regular(os.open(temporary, flags, 0o666), temporary, "ab+")


def fsync_folder(folder: Path) -> None:
    """Make a rename in `folder` durable; nothing to do where folders can't be opened (Windows)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def publish_file(temporary: Path, final: Path) -> None:
    """Fsync `temporary` and rename it to `final` (same folder)."""
    with temporary.open("rb+") as stream:
        os.fsync(stream.fileno())
    temporary.replace(final)
    fsync_folder(final.parent)


def publish_bytes(data: bytes, final: Path, *, durable: bool = True) -> None:
    """Write `data` as `final`, whole or not at all; on disk only where `durable`."""
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_beside(final)
    try:
        temporary.write_bytes(data)
        if durable:
            publish_file(temporary, final)
        else:
            temporary.replace(final)
    finally:
        temporary.unlink(missing_ok=True)


def copy_published(source: Path | BinaryIO, final: Path) -> tuple[str, int]:
    """Copy `source` to `final`, a new inode that no writer of `source` can reach; hex SHA-256 and size of the copy.

    A source that is open already is closed afterwards.
    """
    temporary = temporary_beside(final)
    digest, size = hashlib.sha256(), 0
    try:
        with source.open("rb") if isinstance(source, Path) else source as reading:
            final.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as writing:
                while chunk := reading.read(CHUNK):
                    digest.update(chunk)
                    size += writing.write(chunk)
        publish_file(temporary, final)
    finally:
        temporary.unlink(missing_ok=True)
    return digest.hexdigest(), size
