"""One upload: a temporary file beside its blob that grows by what arrives, with its digest running along."""

import contextlib
import hashlib
import os
import time
from pathlib import Path
from typing import BinaryIO, Final

from file_receiver.gateway.errors import InputDigestMismatch, InputSizeMismatch, UploadOffset
from file_receiver.metrics import INPUT_BYTES
from labrelay.files import CHUNK, open_temporary, temporary_beside
from labrelay.files.names import TEMPORARY
from labrelay.inputs import bytes_of, disk_error, holds, make_blob_folder, publish_blob

STALE_S: Final = 86_400.0


class Upload:
    """The bytes of one capture on their way into the input store.

    Args:
        blob: where the content will stand.
        capture_id: names the temporary file, so that a later upload resumes it.
        size: bytes that must arrive in all.
        sha256: their hex digest.
    """

    def __init__(self, blob: Path, capture_id: str, size: int, sha256: str) -> None:
        self._blob = blob
        self._part = temporary_beside(blob, capture_id)
        self._size = size
        self._sha256 = sha256
        self._digest = hashlib.sha256()
        self._stream: BinaryIO | None = None
        self._held = 0

    @property
    def complete(self) -> bool:
        """Whether the content stands in the store already."""
        return holds(self._blob, self._size)

    @property
    def held(self) -> int:
        """Bytes that needn't be sent again."""
        part = bytes_of(self._part)  # before the blob: another upload may publish it in between
        return self._size if self.complete else part or 0

    def begin(self, offset: int) -> None:
        """Open the temporary file and hash what it holds.

        Raises:
            UploadOffset: `offset` is not where the held part ends.
        """
        held = self.held
        if held > self._size:
            self._part.unlink()
            held = 0
        if offset != held:
            raise UploadOffset(f"The gateway holds {held} bytes, the upload starts at {offset}.", offset=held)
        make_blob_folder(self._blob)
        self._stream = open_temporary(self._part)
        self._stream.seek(0)
        while chunk := self._stream.read(CHUNK):
            self._digest.update(chunk)
            self._held += len(chunk)

    def write(self, piece: bytes | bytearray) -> None:
        """Append a piece.

        Raises:
            InputSizeMismatch: more arrives than was announced; what came is dropped.
            StorageFull: the disk is full.
        """
        if self._stream is None or not piece:
            return
        if self._held + len(piece) > self._size:
            self.drop()
            raise InputSizeMismatch(f"More than the announced {self._size} bytes arrived.")
        try:
            self._stream.write(piece)
        except OSError as error:
            raise disk_error(error) from error
        self._digest.update(piece)
        self._held += len(piece)
        INPUT_BYTES.inc(len(piece))

    def finish(self) -> None:
        """Verify, make durable and publish, read-only.

        Raises:
            UploadOffset: bytes are still missing.
            InputDigestMismatch: other bytes than announced; they are dropped.
        """
        if self._held != self._size:
            raise UploadOffset(f"{self._size - self._held} bytes are still missing.", offset=self._held)
        if self._digest.hexdigest() != self._sha256:
            self.drop()
            raise InputDigestMismatch("The bytes that arrived are not those that were announced.")
        self._make_durable()
        self.close()
        publish_blob(self._part, self._blob, self._size)

    def close(self) -> None:
        """Let go of the temporary file; what it holds stays for the next upload."""
        if self._stream is not None:
            with contextlib.suppress(OSError):  # a full disk has no room for the last buffered bytes either
                self._stream.close()
            self._stream = None

    def drop(self) -> None:
        """Let go of what came."""
        self.close()
        self._part.unlink(missing_ok=True)

    def _make_durable(self) -> None:
        if self._stream is None:
            return
        try:
            self._stream.flush()
            os.fsync(self._stream.fileno())
        except OSError as error:
            raise disk_error(error) from error


def remove_stale(inputs: Path, older_than_s: float = STALE_S) -> int:
    """Remove temporary files below the input store that nobody has resumed for that long; their number."""
    limit = time.time() - older_than_s
    stale = [part for part in inputs.glob(f"*/*/.*{TEMPORARY}") if part.stat().st_mtime < limit]
    for part in stale:
        part.unlink(missing_ok=True)
    return len(stale)
