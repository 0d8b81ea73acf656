"""Reading beside a writer: the instrument may write, rename and delete its file while labrelay reads it."""

import sys
from pathlib import Path
from typing import BinaryIO

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
        OSError: it can't be reached otherwise; `EBUSY` when (Windows) another program lets nobody read it now.
    """
    if sys.platform == "win32":
        return _windows.open_shared(path)
    return path.open("rb")


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
