"""SHA-256 while bytes flow; never a whole file in memory."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from labrelay.files.opening import open_shared

CHUNK: Final = 1 << 20
"""Bytes per read."""


def digest_file(path: Path, check: Callable[[], None] | None = None) -> tuple[str, int]:
    """Hex SHA-256 and size in bytes of a file; its writer may go on meanwhile.

    Args:
        path: the file.
        check: called before each piece is read; what it raises ends the reading.

    Raises:
        OSError: the file can't be read.
    """
    digest = hashlib.sha256()
    size = 0
    with open_shared(path) as stream:
        while True:
            if check is not None:
                check()
            if not (chunk := stream.read(CHUNK)):
                break
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size
