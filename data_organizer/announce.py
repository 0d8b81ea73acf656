"""The announcing loop: what the journal holds pending is announced, a few at a time, and the answers go back to it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from data_organizer import metrics
from data_organizer.announcement import Gateway, Mismatch, refused_for_good
from data_organizer.journal import Entry, Journal
from labrelay.contracts.captures import CaptureAccepted
from labrelay.errors import LabrelayError
from labrelay.telemetry import logger

PARALLEL: Final = 4
BATCH: Final = 64
WAIT_S: Final = 10.0
STOP_S: Final = 3.0
Outcome = CaptureAccepted | Mismatch | LabrelayError
_log = logger("data_organizer.announce")


class Announcer:
    """Takes pending entries of the journal to the gateway. The journal hands out one entry a path, so order holds.

    Args:
        journal: the watcher's.
        gateway: where to announce.
        wait_s: how long one turn waits for something pending, seconds.
    """

    def __init__(self, journal: Journal, gateway: Gateway, wait_s: float = WAIT_S) -> None:
        self._journal = journal
        self._gateway = gateway
        self._wait_s = wait_s
        self._pool = ThreadPoolExecutor(PARALLEL, thread_name_prefix="announce")
        self._closed = threading.Event()
        self._busy = threading.Lock()
        self._away: LabrelayError | None = None

    def close(self) -> None:
        """Finish what is under way, begin nothing more, let go of the threads."""
        self._closed.set()
        self._away = LabrelayError("The organizer is stopping.")
        if self._busy.acquire(timeout=STOP_S):
            self._busy.release()
        self._pool.shutdown(wait=False)

    def turn(self) -> bool:
        """Announce one batch.

        Raises:
            LabrelayError: the gateway or the watcher doesn't answer; what was answered is in the journal already.
        """
        waiting = self._journal.pending(BATCH, self._wait_s).entries
        with self._busy:
            if self._closed.is_set():
                return False
            self._away = None
            answered = list(zip(waiting, self._pool.map(self._announce, waiting), strict=True))
            self._report(answered)
        for _, each in answered:
            if isinstance(each, LabrelayError) and not refused_for_good(each):
                raise each
        return bool(waiting)

    def _announce(self, entry: Entry) -> Outcome:
        if self._away is not None:  # one silence is enough, the others of the batch needn't wait for theirs
            return self._away
        try:
            return self._gateway.announce(self._gateway.announcement(entry))
        except LabrelayError as error:
            if error.retryable:
                self._away = error
            return error

    def _report(self, answered: list[tuple[Entry, Outcome]]) -> None:
        taken = [(entry, each) for entry, each in answered if isinstance(each, CaptureAccepted)]
        refused = [
            (entry, each.cause)
            for entry, each in answered
            if isinstance(each, LabrelayError) and refused_for_good(each)
        ]
        self._journal.accepted(taken)
        self._journal.refused(refused)
        for entry, each in answered:
            if isinstance(each, Mismatch):
                self._journal.resync(entry, each.last_capture_id, each.last_sha256)
        for entry, cause in refused:
            _log.warning("announcement refused", folder=entry.folder, path=entry.path, cause=cause)
        metrics.ANNOUNCED.inc(len(taken))
        metrics.REFUSED.inc(len(refused))
