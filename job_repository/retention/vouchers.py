"""Does the instrument still hold a file? Asked before the gateway lets its own copy go; answers count for minutes."""

import threading
import time
from collections.abc import Callable
from typing import Final

from labrelay.contracts.retention import Question, Voucher

FRESH_S: Final = 600.0
"""How long an answer counts."""
DENIED_S: Final = 3600.0
"""How long nobody is asked again after a no."""
MOST: Final = 50_000
"""Questions that are kept; the next look asks the others."""


class Vouchers:
    """Questions that are open, and answers of the last minutes. In memory: after a restart it is asked again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._questions: dict[str, dict[str, Question]] = {}
        self._answers: dict[str, tuple[float, bool]] = {}

    def of(self, capture_id: str) -> bool | None:
        """Whether the instrument holds it; None where it hasn't said so lately."""
        with self._lock:
            said = self._answers.get(capture_id)
        if said is None or self._clock() - said[0] > (FRESH_S if said[1] else DENIED_S):
            return None
        return said[1]

    def ask(self, instrument: str, question: Question) -> None:
        """Let the instrument be asked."""
        with self._lock:
            waiting = self._questions.setdefault(instrument, {})
            if len(waiting) < MOST:
                waiting[question.capture_id] = question

    def questions(self, instrument: str, limit: int) -> tuple[Question, ...]:
        """What an instrument is asked, oldest first."""
        with self._lock:
            return tuple(self._questions.get(instrument, {}).values())[:limit]

    def answer(self, voucher: Voucher) -> bool:
        """Take an answer; whether it was asked for."""
        now = self._clock()
        with self._lock:
            asked = self._questions.get(voucher.instrument, {}).pop(voucher.capture_id, None)
            self._answers = {key: said for key, said in self._answers.items() if now - said[0] < DENIED_S}
            if asked is not None:
                self._answers[voucher.capture_id] = (now, voucher.held)
        return asked is not None
