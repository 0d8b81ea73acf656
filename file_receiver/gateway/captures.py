"""What the repository knows of captures: the only source for an input's size, digest and instrument."""

from typing import Any, Final

from labrelay.contracts.base import Lenient
from labrelay.contracts.captures import Digest, InputTrouble, InstrumentId, WantedInputs
from labrelay.http import Client

REMEMBERED: Final = 4096


class ExpectedInput(Lenient):
    """What must arrive; never taken from the client.

    Attributes:
        size: bytes.
        sha256: hex digest of the whole content.
    """

    instrument: InstrumentId
    size: int
    sha256: Digest


class Captures:
    """Asks and tells the repository; what a capture expects never changes and is remembered."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, ExpectedInput] = {}

    def expected(self, capture_id: str) -> ExpectedInput:
        """What must arrive for a capture.

        Raises:
            NotFound: nobody announced it.
            ServiceUnavailable: the repository doesn't answer.
        """
        if capture_id not in self._known:
            found = ExpectedInput.model_validate(self._client.get(f"/api/v2/captures/{capture_id}"))
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[capture_id] = found
        return self._known[capture_id]

    def wanted(self, instrument: str, limit: int, wait: float) -> WantedInputs:
        """Inputs that the repository waits for, asked for at most `wait` seconds."""
        asked = {"instrument": instrument, "limit": limit, "wait": wait}
        return WantedInputs.model_validate(self._client.get("/api/v2/captures/wanted", params=asked))

    def stored(self, capture_id: str, expected: ExpectedInput) -> None:
        """Tell that the bytes stand in the input store."""
        self._client.post(f"/api/v2/captures/{capture_id}/stored", {"size": expected.size, "sha256": expected.sha256})

    def trouble(self, capture_id: str, trouble: InputTrouble) -> Any:
        """Pass on why the instrument can't send an input."""
        return self._client.post(f"/api/v2/captures/{capture_id}/trouble", trouble.model_dump(mode="json"))
