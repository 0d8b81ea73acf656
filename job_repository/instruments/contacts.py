"""When each instrument's side was heard last, its version, and how far its clock is off. In memory: it calls often."""

import threading
import time
from typing import Final

from labrelay.contracts.base import Contract
from labrelay.contracts.instruments import WatchingThere

MOST: Final = 10_000


class Contact(Contract):
    """One instrument's side.

    Attributes:
        silent_s: seconds since it called.
        ahead_s: how far its clock is ahead of the gateway's, seconds; None when it didn't tell.
    """

    silent_s: float
    version: str
    ahead_s: float | None


class Contacts:
    """The instruments that called since this process began."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: dict[str, tuple[float, str, float | None]] = {}
        self._watching: dict[str, WatchingThere] = {}
        self._began = time.monotonic()

    def heard_for_s(self) -> float:
        """Seconds since this began to listen."""
        return round(time.monotonic() - self._began, 1)

    def heard(self, instrument: str, version: str, now_ns: int) -> None:
        """An instrument's side called."""
        ahead_s = round((now_ns - time.time_ns()) / 1e9, 3) if now_ns else None
        with self._lock:
            if instrument in self._calls or len(self._calls) < MOST:
                self._calls[instrument] = (time.monotonic(), version, ahead_s)

    def watches(self, told: WatchingThere) -> None:
        """An instrument's side tells what it watches."""
        with self._lock:
            if told.instrument in self._watching or len(self._watching) < MOST:
                self._watching[told.instrument] = told

    def watching(self, instrument: str) -> WatchingThere | None:
        """What an instrument's side told last; None when it hasn't."""
        with self._lock:
            return self._watching.get(instrument)

    def all(self) -> dict[str, Contact]:
        """By instrument."""
        now = time.monotonic()
        with self._lock:
            calls = dict(self._calls)
        return {
            name: Contact(silent_s=round(now - at, 1), version=version, ahead_s=ahead_s)
            for name, (at, version, ahead_s) in sorted(calls.items())
        }
