"""How bytes flow on an instrument's machine: not while it is paused, no faster than the cap, not after a stop."""

import threading
import time
from collections.abc import Iterator
from typing import Final

from labrelay.errors import ServiceUnavailable
from labrelay.pause import PauseFiles
from labrelay.settings import Settings
from labrelay.throttle import Throttle, throttle_of

NAP_S: Final = 0.2


class Pace:
    """The pace of one service's transfers.

    Args:
        pauses: the side's pause.
        throttle: the side's cap.
    """

    def __init__(self, pauses: PauseFiles, throttle: Throttle) -> None:
        self.pauses = pauses
        self._throttle = throttle
        self._halted = threading.Event()

    @classmethod
    def of(cls, settings: Settings) -> "Pace":
        """As the settings say; the cap is shared within this process."""
        return cls(PauseFiles(settings.oem_layout), throttle_of(settings))

    @property
    def grain(self) -> int:
        """Bytes to move at once."""
        return self._throttle.grain

    def halt(self) -> None:
        """The service stops: whatever flows breaks off."""
        self._halted.set()

    def check(self) -> None:
        """May bytes flow now?

        Raises:
            ServiceUnavailable: the service stops.
            Paused: the instrument is paused.
        """
        if self._halted.is_set():
            raise ServiceUnavailable("The service is stopping; the transfer resumes when it is back.")
        self.pauses.check()

    def await_turn(self, count: int) -> None:
        """Wait until `count` bytes may flow.

        Raises:
            ServiceUnavailable: the service stops.
            Paused: the instrument is paused.
        """
        self.check()
        end = time.monotonic() + self._throttle.book(count)
        while (left := end - time.monotonic()) > 0:
            self._halted.wait(min(left, NAP_S))
            self.check()

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        """A chunk in pieces, each when its turn has come.

        Raises:
            ServiceUnavailable: the service stops.
            Paused: the instrument is paused.
        """
        for start in range(0, len(chunk), self.grain):
            piece = chunk[start : start + self.grain]
            self.await_turn(len(piece))
            yield piece
