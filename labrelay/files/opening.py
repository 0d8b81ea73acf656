"""Reading beside a writer: the instrument may write, rename and delete its file while labrelay reads it."""

import errno
import os
import stat
import sys
from pathlib import Path
from typing import BinaryIO, Literal

if sys.platform == "win32":
    from labrelay.files.kernel32 import Kernel32
    from labrelay.files.windows import WindowsFiles

    _windows = WindowsFiles(Kernel32())


def open_shared(path: Path) -> BinaryIO:
    """Open for reading without ever keeping another program from the file.

    On Windows an ordinary `open` forbids others to delete or rename the file while it is open.

    Raises:
        FileNotFoundError: no such file.
        PermissionError: it may not be read.
        OSError: it can't be reached otherwise; `EBUSY` when (Windows) another program lets nobody read it now, `EINVAL`
            when it isn't a plain file (a pipe would keep its reader waiting for ever).
    """
    if sys.platform == "win32":
        return _windows.open_shared(path)
    return regular(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), path)


def regular(descriptor: int, path: Path, mode: Literal["rb", "ab+"] = "rb") -> BinaryIO:
    """The stream of a descriptor, which is closed if it isn't that of a plain file.

    Raises:
        IsADirectoryError: it is a folder's.
        OSError: `EINVAL`, it is a pipe's or a device's.
    """
    kind = os.fstat(descriptor).st_mode
    if stat.S_ISREG(kind):
        return os.fdopen(descriptor, mode)
    os.close(descriptor)
    number = errno.EISDIR if stat.S_ISDIR(kind) else errno.EINVAL
    raise OSError(number, os.strerror(number), str(path))


def in_use(path: Path) -> bool:
    """Whether another program holds the file open for writing; only Windows tells, elsewhere always False.

    Raises:
        FileNotFoundError: no such file.
        PermissionError: it may not be read.
        OSError: it can't be reached otherwise.
    """
    if sys.platform == "win32":
        return _windows.in_use(path)
    return False
