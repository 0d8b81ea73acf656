"""The bandwidth cap: one token bucket that all transfers of a process take from, in the order in which they ask."""

import threading
import time
from collections.abc import Callable
from typing import Final
from weakref import WeakValueDictionary

from labrelay.files import CHUNK
from labrelay.settings import Settings

CREDIT_S: Final = 0.25
"""Seconds' worth of unused bandwidth that are kept; so long is the longest burst."""
GRAIN_S: Final = 0.1
SMALLEST: Final = 1024


class Throttle:
    """A cap in bytes a second. Safe to use from several threads: each gets its turn, small pieces each time.

    Args:
        rate: bytes a second; 0 is no cap.
        clock: seconds that never go back.
    """

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._lock = threading.Lock()
        self._paid_until = clock()

    @property
    def grain(self) -> int:
        """Bytes to move at once: a tenth of a second's, so that transfers flow side by side and none falls silent."""
        return max(SMALLEST, min(CHUNK, int(self._rate * GRAIN_S))) if self._rate else CHUNK

    def book(self, count: int) -> float:
        """Book the next `count` bytes; the seconds after which they have been paid for."""
        if not self._rate:
            return 0.0
        with self._lock:
            now = self._clock()
            self._paid_until = max(self._paid_until, now - CREDIT_S) + count / self._rate
            return max(0.0, self._paid_until - now)


_in_this_process: "WeakValueDictionary[tuple[str, float], Throttle]" = WeakValueDictionary()
_opening = threading.Lock()


def throttle_of(settings: Settings) -> Throttle:
    """The cap of one OEM side in this process: sender and receiver, which know nothing of each other, share it.

    It is found by the data folder and the cap, so that two systems in one process (tests) keep their own. A service
    that runs alone in a process of its own has a cap of its own.
    """
    rate = settings.oem.max_mb_per_s * 1_000_000
    key = (str(settings.oem_layout.root.absolute()), rate)
    with _opening:
        found = _in_this_process.get(key)
        if found is None:
            found = _in_this_process[key] = Throttle(rate)
        return found
