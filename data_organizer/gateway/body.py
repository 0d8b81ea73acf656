"""A pushed body on its way: streamed into a temporary file beside the input store, its digest running along."""

import contextlib
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final
from uuid import uuid4

from starlette.requests import ClientDisconnect

from data_organizer.gateway.errors import PushCut, PushTooLarge
from data_organizer.gateway.metrics import PUSHED_BYTES
from labrelay.files.names import TEMPORARY
from labrelay.http.body import pour
from labrelay.inputs import check_room, disk_error, link_blob, make_blob_folder
from labrelay.settings.model import Storage

LOOK_BYTES: Final = 64 << 20
"""How many bytes of unknown total come in between two looks at the disk's room."""


class Body:
    """The bytes of one push. Nobody resumes one: whatever ends it but `publish` must be followed by `drop`.

    Args:
        folder: where the temporary file lies, on the input store's file system.
        limits: of the disk and of one file.

    Raises:
        StorageFull: the disk is full.
    """

    def __init__(self, folder: Path, limits: Storage) -> None:
        self._part = folder / f"{uuid4().hex}{TEMPORARY}"
        self._limits = limits
        self._digest = hashlib.sha256()
        self._next_look = LOOK_BYTES
        self.size = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._stream = self._part.open("xb")
        except OSError as error:
            raise disk_error(error) from error

    @property
    def sha256(self) -> str:
        """Hex digest of what came so far."""
        return self._digest.hexdigest()

    def write(self, piece: bytes | bytearray) -> None:
        """Append a piece.

        Raises:
            PushTooLarge: the file is larger than `storage.max_upload_bytes`.
            StorageFull: the disk is full, or above its watermark.
        """
        self.size += len(piece)
        check_size(self.size, self._limits)
        if self.size >= self._next_look:
            self._next_look = self.size + LOOK_BYTES
            check_room(self._part.parent, len(piece), self._limits)
        self._digest.update(piece)
        try:
            self._stream.write(piece)
        except OSError as error:
            raise disk_error(error) from error
        PUSHED_BYTES.inc(len(piece))

    def publish(self, blob: Path) -> None:
        """Let the content stand in the input store, on disk before this returns; repeating it lays it down again.

        Raises:
            StorageFull: the disk is full.
        """
        try:
            if not self._stream.closed:
                self._stream.flush()
                os.fsync(self._stream.fileno())
                self._stream.close()
            make_blob_folder(blob)
            link_blob(self._part, blob, self.size)
        except OSError as error:
            raise disk_error(error) from error

    def drop(self) -> None:
        """Leave nothing behind; after `publish` there is nothing left to do."""
        with contextlib.suppress(OSError):  # a full disk has no room for the last buffered bytes either
            self._stream.close()
        self._part.unlink(missing_ok=True)


def check_size(size: int, limits: Storage) -> None:
    """Refuse what is larger than one push may be.

    Raises:
        PushTooLarge: says by how much.
    """
    if size > limits.max_upload_bytes:
        raise PushTooLarge(f"The file is larger than the {limits.max_upload_bytes:,} bytes that may be pushed.")


async def fill(body: Body, chunks: AsyncIterator[bytes]) -> None:
    """Write what a client sends.

    Raises:
        PushCut: the client went away or fell silent.
    """
    try:
        await pour(chunks, body.write)
    except (ClientDisconnect, TimeoutError) as cut:
        raise PushCut("The push broke off before its end.") from cut


def remove_left_over(folder: Path) -> int:
    """Remove what a killed process left of pushes that were never answered; their number."""
    left = list(folder.glob(f"*{TEMPORARY}"))
    for part in left:
        part.unlink(missing_ok=True)
    return len(left)
