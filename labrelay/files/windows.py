"""Opening files the way Windows means it: with a share mode that lets the instrument go on.

Imported on Windows only; what it asks of the system goes through `Kernel`, so that its tests run anywhere.
Source: Microsoft's CreateFileW, "System Error Codes" and "Naming Files, Paths, and Namespaces".
"""

import errno
import ntpath
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final, Protocol

GENERIC_READ: Final = 0x80000000
SHARE_READ: Final = 0x1
SHARE_WRITE: Final = 0x2
SHARE_DELETE: Final = 0x4
OPEN_EXISTING: Final = 3
SEQUENTIAL_SCAN: Final = 0x08000000
NORMAL: Final = 0x80

SHARING_VIOLATION: Final = 32
LOCK_VIOLATION: Final = 33
MEANING: Final = {
    2: errno.ENOENT,  # file not found
    3: errno.ENOENT,  # path not found
    5: errno.EACCES,  # access denied
    19: errno.EACCES,  # write protected
    SHARING_VIOLATION: errno.EBUSY,
    LOCK_VIOLATION: errno.EBUSY,
    65: errno.EACCES,  # network access denied
    123: errno.ENOENT,  # a name that Windows doesn't allow
}
"""Error codes that say something of the file; all others (a share that is gone, a broken disk) say nothing of it."""


class Kernel(Protocol):
    """What is asked of kernel32."""

    def create_file(self, name: str, access: int, share: int, disposition: int, flags: int) -> int | None:
        """`CreateFileW`: a handle, or None when it is refused."""

    def close_handle(self, handle: int) -> None:
        """`CloseHandle`."""

    def last_error(self) -> int:
        """`GetLastError` of this thread's last call."""

    def message(self, code: int) -> str:
        """`FormatMessage`: an error code in words."""

    def adopt(self, handle: int) -> int:
        """A file descriptor that owns the handle; reading only, not inherited by children."""


class WindowsFiles:
    """Opening with share modes.

    Args:
        kernel: the system.
        absolute: makes a path absolute.
    """

    def __init__(self, kernel: Kernel, absolute: Callable[[str], str] = ntpath.abspath) -> None:
        self._kernel = kernel
        self._absolute = absolute

    def open_shared(self, path: Path) -> BinaryIO:
        """Open for reading; others may read, write, rename and delete meanwhile.

        Raises:
            FileNotFoundError: no such file.
            PermissionError: it may not be read.
            OSError: it can't be reached otherwise; `EBUSY` when somebody lets nobody else read now.
        """
        handle = self._handle(path, SHARE_READ | SHARE_WRITE | SHARE_DELETE)
        if handle is None:
            raise self._error(path)
        try:
            descriptor = self._kernel.adopt(handle)
        except OSError:
            self._kernel.close_handle(handle)
            raise
        return os.fdopen(descriptor, "rb")

    def in_use(self, path: Path) -> bool:
        """Whether somebody holds it open for writing: then an opening that allows no writers is refused.

        The opening lasts for the moment of the question, and even then the file may be renamed and deleted.

        Raises:
            OSError: it can't be opened for another reason, as in `open_shared`.
        """
        handle = self._handle(path, SHARE_READ | SHARE_DELETE)
        if handle is not None:
            self._kernel.close_handle(handle)
            return False
        error = self._error(path)
        if error.errno == errno.EBUSY:
            return True
        raise error

    def _handle(self, path: Path, share: int) -> int | None:
        name = extended(self._absolute(str(path)))
        return self._kernel.create_file(name, GENERIC_READ, share, OPEN_EXISTING, NORMAL | SEQUENTIAL_SCAN)

    def _error(self, path: Path) -> OSError:
        code = self._kernel.last_error()
        return OSError(MEANING.get(code, errno.EIO), f"{self._kernel.message(code)} [{code}]", str(path))


def extended(path: str) -> str:
    r"""An absolute path in the form without a limit of 260 characters: `\\?\C:\…`, `\\?\UNC\server\share\…`."""
    if path.startswith(("\\\\?\\", "\\\\.\\")):
        return path
    plain = ntpath.normpath(path)
    return f"\\\\?\\UNC{plain[1:]}" if plain.startswith("\\\\") else f"\\\\?\\{plain}"
