"""Pulling one output: resumes where the last pull broke off, publishes nothing but the sealed bytes."""

import hashlib
from pathlib import Path
from typing import Any, BinaryIO, Final

import requests

from file_receiver.metrics import OUTPUT_BYTES
from file_receiver.oem.errors import OutputDamaged
from labrelay.contracts.captures import OfferedOutput
from labrelay.errors import ServiceUnavailable
from labrelay.files import CHUNK, open_temporary, publish_file, temporary_beside
from labrelay.http import Client
from labrelay.pace import Pace

PARTIAL: Final = 206


def part_of(final: Path, job_id: str, index: int, sha256: str) -> Path:
    """The temporary file of one output; other content never resumes onto it."""
    return temporary_beside(final, f"{job_id}.{index}.{sha256[:16]}")


class Puller:
    """Streams outputs from the gateway's edge onto the disk.

    Args:
        client: of the edge.
        instrument: this one.
        pace: how bytes may flow; what was pulled before a stop or a pause stays for the next call.
    """

    def __init__(self, client: Client, instrument: str, pace: Pace) -> None:
        self._client = client
        self._instrument = instrument
        self._pace = pace

    def pull(self, job_id: str, output: OfferedOutput, final: Path) -> None:
        """Make `final` hold the sealed bytes.

        Raises:
            ServiceUnavailable: the gateway went away or the receiver stops; the next call resumes.
            Paused: the instrument is paused; the next call resumes.
            OutputDamaged: other bytes came; the next call begins anew.
            OSError: the folder can't be written.
        """
        self._pace.check()
        final.parent.mkdir(parents=True, exist_ok=True)
        part = part_of(final, job_id, output.index, output.sha256)
        with open_temporary(part) as stream:
            digest = _digest_of(stream)
            if stream.tell() < output.size:
                digest = self._append(f"/edge/v2/returns/{job_id}/outputs/{output.index}", stream, digest, output.size)
            held = stream.tell()
        if held != output.size or digest.hexdigest() != output.sha256:
            part.unlink()
            raise OutputDamaged(f"The bytes of {final.name} are not the sealed ones.")
        publish_file(part, final)

    def _append(self, path: str, stream: BinaryIO, digest: Any, size: int) -> Any:
        headers = {"X-Instrument": self._instrument, "Accept-Encoding": "identity"}
        if held := stream.tell():
            headers["Range"] = f"bytes={held}-"
        with self._client.request("GET", path, headers=headers, stream=True) as response:
            if held and response.status_code != PARTIAL:
                stream.truncate(0)
                digest = hashlib.sha256()
            self._copy(response, stream, digest, size)
        return digest

    def _copy(self, response: requests.Response, stream: BinaryIO, digest: Any, size: int) -> None:
        left = size - stream.tell()
        try:
            for piece in response.iter_content(self._pace.grain):
                if (left := left - len(piece)) < 0:
                    stream.truncate(0)
                    raise OutputDamaged(f"More than the offered {size:,} bytes came.")
                self._pace.await_turn(len(piece))
                digest.update(piece)
                stream.write(piece)
                OUTPUT_BYTES.inc(len(piece))
        except requests.RequestException as error:
            raise ServiceUnavailable(f"The gateway broke off ({type(error).__name__}).") from error


def _digest_of(stream: BinaryIO) -> Any:
    digest = hashlib.sha256()
    stream.seek(0)
    while piece := stream.read(CHUNK):
        digest.update(piece)
    return digest
