"""Refused requests are counted, and their reasons told in the log without flooding it."""

import threading
import time
from typing import Final

from prometheus_client import Counter

from labrelay.errors import LabrelayError
from labrelay.telemetry import logger

REFUSED: Final = Counter("labrelay_requests_refused", "Requests and connections that were refused", ["code"])
SILENT_S: Final = 60.0
"""The same reason for the same caller is logged once in this time; the line says how often it came since the last."""
MOST_CALLERS: Final = 1024
TOLD: Final = frozenset({400, 401, 403, 408, 413, 414, 415, 431})
"""Statuses of refusals that a person should hear of; 404, 409 and 422 are everyday answers."""
_log = logger("labrelay.http")


class Refusals:
    """Remembers who was refused why.

    Args:
        silent_s: seconds between two lines about the same caller and reason.
    """

    def __init__(self, silent_s: float = SILENT_S) -> None:
        self._silent_s = silent_s
        self._lock = threading.Lock()
        self._last: dict[tuple[str, str], tuple[float, int]] = {}

    def note(self, code: str, cause: str, caller: str, status: int = 400) -> None:
        """Count a refusal, and log it when it is news.

        Args:
            code: of the error.
            cause: in plain words, cut to a readable length here.
            caller: the other side's address.
            status: the HTTP status that stands for it.
        """
        REFUSED.labels(code).inc()
        if status in TOLD and (before := self._news(code, caller)) is not None:
            _log.warning("refused", code=code, cause=cause[:300], caller=caller, before=before)

    def _news(self, code: str, caller: str) -> int | None:
        """How many refusals went unlogged before this one; None when this one does, too."""
        key, now = (code, caller), time.monotonic()
        with self._lock:
            until, silent = self._last.get(key, (0.0, 0))
            if now < until:
                self._last[key] = until, silent + 1
                return None
            if len(self._last) >= MOST_CALLERS:
                self._last.clear()
            self._last[key] = now + self._silent_s, 0
        return silent


_refusals = Refusals()


def note(error: LabrelayError, caller: tuple[str, int] | None) -> None:
    """A request was refused with an error; errors of the service itself are no refusals."""
    if error.status < 500:
        _refusals.note(error.code, error.cause, caller[0] if caller else "", error.status)


def note_connection(code: str, cause: str, caller: tuple[str, int] | None) -> None:
    """A connection was cut or turned away before its request was whole."""
    _refusals.note(code, cause, caller[0] if caller else "")
