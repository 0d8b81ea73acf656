"""Vouching: before the gateway lets its copy of a file go, it asks whether the instrument still holds it."""

from typing import Final

from file_sender.oem.source import Folders
from labrelay.contracts.captures import WantedInput
from labrelay.contracts.retention import Question, Questions, Voucher
from labrelay.errors import InputProblem, RequestRefused, ServiceUnavailable
from labrelay.files import digest_file, inside
from labrelay.http import Client
from labrelay.pace import Pace

AT_ONCE: Final = 20
IDLE_S: Final = 30.0
ROUTES: Final = "/edge/v2/inputs/retention"


class Vouching:
    """Reads what the gateway asks for, and says whether it is what it was.

    Args:
        client: of the edge.
        instrument: this one.
        folders: where the files lie.
        pace: while it is paused, nothing is read.
    """

    def __init__(self, client: Client, instrument: str, folders: Folders, pace: Pace) -> None:
        self._client = client
        self._instrument = instrument
        self._folders = folders
        self._pace = pace

    def turn(self) -> bool:
        """Answer some questions; True when there may be more.

        Raises:
            ServiceUnavailable: the gateway doesn't answer.
        """
        if self._pace.pauses.active:
            return False
        asked = {"instrument": self._instrument, "limit": AT_ONCE}
        headers = {"X-Instrument": self._instrument}
        try:
            answer = self._client.get(f"{ROUTES}/questions", params=asked, headers=headers)
        except RequestRefused:  # a gateway of earlier days deletes nothing
            return False
        questions = Questions.model_validate(answer).items
        vouchers = [voucher for question in questions if (voucher := self._voucher(question))]
        if vouchers:
            body = {"items": [voucher.model_dump(mode="json") for voucher in vouchers]}
            self._client.request("POST", f"{ROUTES}/vouchers", json=body, headers=headers)
        return len(questions) == AT_ONCE and bool(vouchers)

    def _voucher(self, question: Question) -> Voucher | None:
        """None while nothing can be said: the folder is away, or the instrument paused."""
        wanted = WantedInput.model_validate(question.model_dump())
        try:
            sha256, _ = digest_file(inside(self._folders.root_of(wanted), wanted.path), self._pace.check)
            held = sha256 == question.sha256
        except ServiceUnavailable:
            return None
        except (InputProblem, OSError):
            held = False
        return Voucher(instrument=self._instrument, capture_id=question.capture_id, held=held)
