"""Sending one wanted input: ask what the gateway holds, stream the rest."""

from typing import Final

from file_sender.metrics import INPUT_TROUBLES, INPUTS_SENT
from file_sender.oem.source import Folders, Reading
from labrelay.contracts.captures import InputTrouble, WantedInput, WantedInputs
from labrelay.http import Client, content_digest
from labrelay.pace import Pace

ANSWER_S: Final = 60.0
LONGEST_OFFSET: Final = 20
"""Digits; more is nonsense."""
SLOWEST_DISK: Final = 20_000_000
"""Bytes per second that the gateway's disk writes at the worst, when it makes an input durable."""


class Sender:
    """One instrument's calls to the gateway's edge.

    Args:
        client: of the edge.
        instrument: this one.
        folders: where inputs lie.
        pace: how they may be read.
    """

    def __init__(self, client: Client, instrument: str, folders: Folders, pace: Pace) -> None:
        self._client = client
        self._instrument = instrument
        self._folders = folders
        self._pace = pace

    def wanted(self, limit: int, wait: float) -> WantedInputs:
        """Inputs that the gateway waits for; held open for at most `wait` seconds while there are none."""
        asked = {"instrument": self._instrument, "limit": limit, "wait": wait}
        return WantedInputs.model_validate(self._client.get("/edge/v2/inputs", params=asked))

    def send(self, wanted: WantedInput) -> None:
        """Bring one input to the gateway.

        Raises:
            InputProblem: the file is missing, changed or unreadable.
            ServiceUnavailable: the folder or the gateway is away, or the gateway is full; the next call resumes.
            Paused: the instrument is paused; the next call resumes.
            Conflict: the gateway holds another part than it said; the next answer to `wanted` tells.
        """
        self._pace.check()
        offset = self._held(wanted) if wanted.held is None else wanted.held
        rest = self._rest(wanted, offset) if offset < wanted.size else b""
        self._client.request(
            "PUT",
            f"/edge/v2/inputs/{wanted.capture_id}",
            data=rest,
            headers=self._headers(wanted, offset),
            read_s=ANSWER_S + wanted.size / SLOWEST_DISK,
        )
        INPUTS_SENT.inc()

    def tell(self, wanted: WantedInput, code: str, cause: str) -> None:
        """Tell the gateway why an input can't come, or why it waits."""
        trouble = InputTrouble.model_validate({"code": code, "cause": cause})
        self._client.post(f"/edge/v2/inputs/{wanted.capture_id}/trouble", trouble.model_dump(mode="json"))
        INPUT_TROUBLES.labels(code).inc()

    def halt(self) -> None:
        """Break off what is under way; it resumes at the next start."""
        self._pace.halt()

    def _rest(self, wanted: WantedInput, offset: int) -> Reading:
        return Reading(self._folders.root_of(wanted), wanted, offset, self._pace)

    def _held(self, wanted: WantedInput) -> int:
        headers = {"X-Instrument": self._instrument}
        answer = self._client.request("HEAD", f"/edge/v2/inputs/{wanted.capture_id}", headers=headers)
        told = answer.headers.get("Upload-Offset", "0")
        return min(int(told), wanted.size) if told.isdecimal() and len(told) < LONGEST_OFFSET else 0

    def _headers(self, wanted: WantedInput, offset: int) -> dict[str, str]:
        return {
            "Content-Type": "application/octet-stream",
            "Content-Digest": content_digest(wanted.sha256),
            "Upload-Offset": str(offset),
            "X-Instrument": self._instrument,
        }
