"""Opening a file that lies below a folder, for good: whoever swaps a part of the way for a link meanwhile gets nothing.

A check of the path and an opening after it leave a moment between them. Here the path is resolved, checked, and then
walked from folder to folder without following a link, so that what is opened is what was checked.
"""

import errno
import os
import stat
from pathlib import Path, PurePath
from typing import BinaryIO

from labrelay.errors import Forbidden
from labrelay.files.names import inside
from labrelay.files.opening import open_shared, regular

_WALKS = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")


class LeadsOut(Forbidden):
    """What lies under this name isn't a plain file of its folder."""

    code = "leads_out"
    default_next_step = "Put the file itself there, not a link to it."


def open_beneath(root: Path, relative: str, *, links: bool = True) -> BinaryIO:
    """Open the file at `relative` (forward slashes) below `root` for reading.

    Args:
        root: the folder; links above it and it itself being one are its owner's will.
        relative: the file.
        links: whether links that stay below `root` are followed, and files with further names (hard links) taken.

    Raises:
        Forbidden: the name leads out of the folder; `LeadsOut`: through a link, or it isn't a plain file.
        FileNotFoundError: no such file.
        OSError: it can't be opened.
    """
    path = inside(root, relative)
    top = root.resolve()
    way = (path.resolve() if links else top / PurePath(relative)).relative_to(top)
    stream = _walk(top, way) if _WALKS else _look_twice(top / way)
    try:
        if not links and os.fstat(stream.fileno()).st_nlink > 1:
            raise LeadsOut(f"{relative!r} is a second name of a file that lies elsewhere, too.")
    except BaseException:
        stream.close()
        raise
    return stream


def _walk(top: Path, way: PurePath) -> BinaryIO:
    folder = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in way.parts[:-1]:
            below = _step(part, os.O_RDONLY | os.O_DIRECTORY, folder)
            os.close(folder)
            folder = below
        # Without O_NONBLOCK a pipe without a writer would never be opened.
        return regular(_step(way.name, os.O_RDONLY | os.O_NONBLOCK, folder), top / way)
    finally:
        os.close(folder)


def _step(name: str, flags: int, folder: int) -> int:
    try:
        return os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    except OSError as error:
        # Linux' answer for a link in the place of a file, of a folder, and for a socket.
        if error.errno in (errno.ELOOP, errno.ENXIO) or (error.errno == errno.ENOTDIR and _is_link(name, folder)):
            raise LeadsOut(f"{name!r} is a link or no file at all.") from error
        raise


def _is_link(name: str, folder: int) -> bool:
    return stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)


def _look_twice(path: Path) -> BinaryIO:
    """Where folders can't be walked (Windows): what is open must still be what lies there, reached without a link."""
    stream = open_shared(path)
    try:
        if path.resolve() != path or not os.path.samestat(os.fstat(stream.fileno()), path.lstat()):
            raise LeadsOut(f"{path.name!r} is a link or no file at all.")
    except BaseException:
        stream.close()
        raise
    return stream
