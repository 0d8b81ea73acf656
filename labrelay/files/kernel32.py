"""kernel32's calls behind `labrelay.files.windows.Kernel`; Windows only."""

import sys

if sys.platform == "win32":
    import ctypes
    import msvcrt
    import os
    from ctypes import wintypes
    from typing import Final

    INVALID: Final = ctypes.c_void_p(-1).value

    class Kernel32:
        """The real system."""

        def __init__(self) -> None:
            library = ctypes.WinDLL("kernel32", use_last_error=True)
            self._create = library.CreateFileW
            self._create.restype = wintypes.HANDLE
            self._create.argtypes = (
                wintypes.LPCWSTR,
                wintypes.DWORD,
                wintypes.DWORD,
                wintypes.LPVOID,
                wintypes.DWORD,
                wintypes.DWORD,
                wintypes.HANDLE,
            )
            self._close = library.CloseHandle
            self._close.restype = wintypes.BOOL
            self._close.argtypes = (wintypes.HANDLE,)

        def create_file(self, name: str, access: int, share: int, disposition: int, flags: int) -> int | None:
            """`CreateFileW`: a handle, or None when it is refused."""
            handle: int | None = self._create(name, access, share, None, disposition, flags, None)
            return None if handle == INVALID else handle

        def close_handle(self, handle: int) -> None:
            """`CloseHandle`."""
            self._close(handle)

        def last_error(self) -> int:
            """The code of this thread's last call."""
            return ctypes.get_last_error()

        def message(self, code: int) -> str:
            """A code in the system's words."""
            return ctypes.FormatError(code).strip()

        def adopt(self, handle: int) -> int:
            """A file descriptor that owns the handle; reading only, not inherited by children."""
            return msvcrt.open_osfhandle(handle, os.O_RDONLY | os.O_BINARY | os.O_NOINHERIT)
