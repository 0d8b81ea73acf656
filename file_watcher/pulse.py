"""Whether a folder's file system still answers: a dead share doesn't fail, it only never returns."""

import time
from typing import Final

PATIENCE_S: Final = 30.0
"""Seconds without an answer after which it is said aloud."""
SLOWEST: Final = 1_000_000
"""Bytes a second that even a poor share delivers."""


class Pulse:
    """Beaten by the folder's own thread before each call that can hang, read by others.

    A whole beat is one tuple, so that no reader sees half of it.
    """

    def __init__(self) -> None:
        self._beat: tuple[str, float, float] | None = None

    def beat(self, what: str, size: int = 0) -> None:
        """This is asked for now: a folder, or a file of `size` bytes."""
        now = time.monotonic()
        self._beat = (what, now, now + PATIENCE_S + size / SLOWEST)

    def rest(self) -> None:
        """Nothing is asked for."""
        self._beat = None

    @property
    def silence(self) -> str:
        """What has been asked for in vain for too long, else empty."""
        beat, now = self._beat, time.monotonic()
        return f"no answer for {now - beat[1]:.0f} s when asked for {beat[0]}" if beat and now > beat[2] else ""
