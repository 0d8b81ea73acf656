"""Counts how the lab is: after something changed, while somebody looks, once a second at most."""

import threading
import time
from collections.abc import Callable
from typing import Final

from dashboard.repository import Counts
from labrelay.loops import OwnerLoop

COUNT_S: Final = 1.0


class Tally:
    """The newest counts for whoever tells them on. Safe to use from several threads.

    Args:
        count: asks the repository.
    """

    def __init__(self, count: Callable[[], Counts]) -> None:
        self._ask = count
        self._lock = threading.Lock()
        self._due_s: float | None = None
        self._again = False
        self._counted_s = 0.0
        self._counts: Counts | None = None
        self._loop = OwnerLoop("dashboard-tally", self._count, idle_s=COUNT_S)

    def start(self) -> None:
        """Begin."""
        self._loop.start()

    def stop(self) -> None:
        """End."""
        self._loop.stop()

    @property
    def waiting_s(self) -> float:
        """For how long something has been uncounted, seconds."""
        due_s = self._due_s
        return 0.0 if due_s is None else time.monotonic() - due_s

    def ask(self) -> None:
        """Something changed, or somebody new looks."""
        with self._lock:
            self._due_s = self._due_s or time.monotonic()
            self._again = True
        if time.monotonic() - self._counted_s >= COUNT_S:
            self._loop.wake()

    def refresh(self, after_s: float) -> None:
        """Nothing changed, but what was counted so long ago may be untrue by now: hours pass without an event."""
        if time.monotonic() - self._counted_s >= after_s:
            self.ask()

    def take(self) -> Counts | None:
        """Counts that nobody took yet."""
        with self._lock:
            counts, self._counts = self._counts, None
        return counts

    def _count(self) -> bool:
        with self._lock:
            if not self._again:
                return False
            self._again, began_s = False, time.monotonic()
        try:
            counts = self._ask()
        except BaseException:
            self._again = True
            raise
        with self._lock:
            self._counts, self._counted_s = counts, time.monotonic()
            self._due_s = began_s if self._again else None
        return False
