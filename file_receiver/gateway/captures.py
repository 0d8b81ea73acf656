"""What the repository knows of captures: the only source for an input's size, digest and instrument."""

from typing import Any, Final

from labrelay.contracts.base import Contract, Lenient
from labrelay.contracts.captures import Digest, InputTrouble, InstrumentId, WantedInputs
from labrelay.http import Client
from labrelay.installation import HEADER

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


class StoredThere(Contract):
    """The bytes that stand in the input store."""

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
        known = self._known.get(capture_id)
        if known is None:
            known = ExpectedInput.model_validate(self._client.get(f"/api/v2/captures/{capture_id}"))
            self._remember(capture_id, known)
        return known

    def wanted(self, instrument: str, limit: int, installation: str) -> WantedInputs:
        """Inputs that the repository waits for now.

        Raises:
            InstrumentTaken: another installation than the asking one holds the instrument's name.
        """
        asked: dict[str, str | int] = {"instrument": instrument, "limit": limit}
        shown = {HEADER: installation} if installation else {}
        answer = self._client.ask(WantedInputs, "GET", "/api/v2/captures/wanted", params=asked, headers=shown)
        for each in answer.wanted:
            self._remember(each.capture_id, ExpectedInput(instrument=instrument, size=each.size, sha256=each.sha256))
        return answer

    def stored(self, capture_id: str, expected: ExpectedInput) -> None:
        """Tell that the bytes stand in the input store."""
        told = StoredThere(size=expected.size, sha256=expected.sha256)
        self._client.ask(Lenient, "POST", f"/api/v2/captures/{capture_id}/stored", told)

    def trouble(self, capture_id: str, trouble: InputTrouble) -> Any:
        """Pass on why the instrument can't send an input."""
        return self._client.post(f"/api/v2/captures/{capture_id}/trouble", trouble.model_dump(mode="json"))

    def _remember(self, capture_id: str, expected: ExpectedInput) -> None:
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[capture_id] = expected
