"""Inputs that rest after trouble: how long, why, and when trouble is worth telling."""

import random
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

LONGEST_S: Final = 30.0

PATIENCE_S: Final = {"input_changed": 0.0, "input_missing": 5.0, "input_unreadable": 60.0}
"""Seconds that a problem must last before the gateway hears of it (AiCSD tries a missing file for 5 s)."""


@dataclass(frozen=True)
class Rest:
    """One input's pause, on the monotonic clock."""

    code: str
    cause: str
    since: float
    until: float
    failures: int


class Rests:
    """All inputs that rest; safe to use from several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._rests: dict[str, Rest] = {}

    def begin(self, capture_id: str, code: str, cause: str) -> float:
        """Rest, longer each time; seconds that this very trouble has lasted."""
        now = self._clock()
        with self._lock:
            last = self._rests.get(capture_id)
            same = last if last is not None and last.code == code else None
            failures = same.failures + 1 if same else 1
            since = same.since if same else now
            pause = min(LONGEST_S, 0.25 * 2.0 ** min(failures, 8)) * random.uniform(0.7, 1.0)
            self._rests[capture_id] = Rest(code, cause, since, now + pause, failures)
        return now - since

    def resting(self, capture_id: str) -> bool:
        """Whether its pause lasts."""
        with self._lock:
            rest = self._rests.get(capture_id)
        return rest is not None and self._clock() < rest.until

    def end(self, capture_id: str) -> None:
        """It went well, or is nobody's concern any more."""
        with self._lock:
            self._rests.pop(capture_id, None)

    def keep_only(self, capture_ids: Collection[str]) -> None:
        """Forget all that are no longer wanted."""
        with self._lock:
            self._rests = {each: rest for each, rest in self._rests.items() if each in capture_ids}

    def wake(self) -> None:
        """End all pauses; how long each trouble lasts is still known."""
        with self._lock:
            self._rests = {
                each: Rest(rest.code, rest.cause, rest.since, 0.0, rest.failures) for each, rest in self._rests.items()
            }

    def causes(self) -> dict[str, str]:
        """Why each one rests."""
        with self._lock:
            return {each: rest.cause for each, rest in self._rests.items()}

    def __len__(self) -> int:
        return len(self._rests)
