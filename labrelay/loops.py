"""The owner's loop: a thread that takes up what its service owns, backs off on trouble, and stops when told."""

import random
import threading
from collections.abc import Callable
from typing import Final

from labrelay.errors import LabrelayError
from labrelay.telemetry import logger

MAX_BACKOFF_S: Final = 5.0
_log = logger("labrelay.loops")

Turn = Callable[[], bool]
"""One turn of work; True when there may be more at once."""


class OwnerLoop:
    """Runs `turn` again and again in a thread of its own.

    A turn that raises a `LabrelayError` is repeated after a growing pause (at most 5 s); nothing is given up.
    Any other error is logged with its trace and repeated likewise: the owner alone is responsible for its jobs.

    Args:
        name: for logs and the thread.
        turn: one turn of work; True asks for the next turn at once.
        idle_s: pause after a turn that had nothing to do (a turn that long-polls gives 0).
    """

    def __init__(self, name: str, turn: Turn, *, idle_s: float = 0.0) -> None:
        self._name = name
        self._turn = turn
        self._idle_s = idle_s
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._failures = 0
        self.trouble: str = ""
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """There is something to do: end the pause."""
        self._wake.set()

    def stop(self, timeout_s: float = 1.0) -> None:
        """Ask the loop to end after its turn; a turn that takes longer (a long poll) is left to the process's end."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    @property
    def stopping(self) -> bool:
        """Whether the loop was asked to end; long turns look at it."""
        return self._stop.is_set()

    def _run(self) -> None:
        while not self._stop.is_set():
            pause = self._one_turn()
            if pause > 0:
                self._wake.wait(pause)
            self._wake.clear()

    def _one_turn(self) -> float:
        try:
            more = self._turn()
        except LabrelayError as error:
            return self._back_off(error.cause, trace=False)
        except Exception as error:
            return self._back_off(f"{type(error).__name__}: {error}", trace=True)
        self._failures, self.trouble = 0, ""
        return 0.0 if more else self._idle_s

    def _back_off(self, cause: str, *, trace: bool) -> float:
        self._failures += 1
        self.trouble = cause
        pause: float = min(MAX_BACKOFF_S, 0.1 * 2.0 ** min(self._failures, 10)) * random.uniform(0.7, 1.0)
        _log.warning("turn failed", loop=self._name, cause=cause, pause_s=round(pause, 2), exc_info=trace)
        return pause
