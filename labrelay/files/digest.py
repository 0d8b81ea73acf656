"""SHA-256 while bytes flow; never a whole file in memory."""

import hashlib
from pathlib import Path
from typing import Final

CHUNK: Final = 1 << 20
"""Bytes per read."""


def digest_file(path: Path) -> tuple[str, int]:
    """Hex SHA-256 and size in bytes of a file.

    Raises:
        OSError: the file can't be read.
    """
    digest = hashlib.sha256()
    size = 0
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size
