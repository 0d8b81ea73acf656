"""The doctor for many readers: one examination answers all who ask within some seconds."""

import threading
import time
from dataclasses import dataclass
from typing import Final

from labrelay.doctor import examine
from labrelay.doctor.finding import Finding
from labrelay.doctor.patient import Patient
from labrelay.settings import Settings

HOLDS_S: Final = 10.0


@dataclass(frozen=True)
class Examination:
    """What was found, and when (nanoseconds since 1970)."""

    at_ns: int
    findings: tuple[Finding, ...]

    @property
    def needing(self) -> tuple[Finding, ...]:
        """Those that need a person."""
        return tuple(each for each in self.findings if not each.well)

    @property
    def rest(self) -> tuple[Finding, ...]:
        """Those that need nobody."""
        return tuple(each for each in self.findings if each.well)


class Practice:
    """Examines this machine, one examination at a time.

    Args:
        settings: of the machine.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._last: Examination | None = None
        self._until = 0.0

    def examination(self) -> Examination:
        """The last one, or a new one when that is older than `HOLDS_S` seconds."""
        with self._lock:
            if self._last is None or time.monotonic() > self._until:
                self._last = Examination(time.time_ns(), tuple(examine(Patient(self._settings))))
                self._until = time.monotonic() + HOLDS_S
            return self._last
