"""The projector: brings events from the live store into the record, in order, each once."""

import threading
import time
from collections.abc import Callable
from typing import Final

from job_repository.health.metrics import PROJECTED, PROJECTOR_LAG
from job_repository.jobs.conflicts import LiveStoreDamaged, LiveStoreLost
from job_repository.live.store import LiveStore
from job_repository.live.stored import LiveEvent
from job_repository.record.audit import Audit
from job_repository.record.projection import Applied, apply_events
from job_repository.record.store import Record
from labrelay.contracts.jobs import Job

BATCH: Final = 500
GAP_S: Final = 0.2
"""Under load one transaction takes all that came in this time; the first event after a pause is taken at once."""
WORTH: Final = 50
"""So many events are worth a transaction: where more come, they are not kept waiting as long."""


class Projector:
    """Applies events and lets go of what the record holds.

    Args:
        record: the permanent store.
        live: where the events come from.
        audit: signs the chain's head after each batch.
        applied: called with what a batch did, after its commit.
    """

    def __init__(self, record: Record, live: LiveStore, audit: Audit, applied: Callable[[Applied], None]) -> None:
        self._record = record
        self._live = live
        self._audit = audit
        self._tell = applied
        self._progress = threading.Condition()
        self._hurry = threading.Event()
        self._due = 0.0
        self._left_over = True
        self.position = 0
        self.turn_lock = threading.RLock()

    def start_from_record(self) -> None:
        """Take up the position that the record holds."""
        self._advance(self._record.number("applied"))

    def turn(self) -> bool:
        """Project one batch; True when there may be more.

        Raises:
            LiveStoreLost: the live store fell back, or events between it and the record are missing.
        """
        self._await_more()
        seq = self._live.check()
        with self.turn_lock:
            PROJECTOR_LAG.set(seq - self.position)
            self._tidy()
            behind = seq > self.position
            if behind:
                self._project(seq)
            return behind

    def await_position(self, seq: int, timeout_s: float) -> bool:
        """Wait until the record holds everything up to `seq`; whether it does."""
        if self.position < seq:
            self._hurry.set()
        with self._progress:
            return self._progress.wait_for(lambda: self.position >= seq, timeout_s)

    def _await_more(self) -> None:
        """Let events gather, unless somebody waits for the record."""
        self._hurry.wait(max(0.0, self._due - time.monotonic()))
        self._hurry.clear()

    def _project(self, seq: int) -> None:
        events = self._live.events(self.position, BATCH)
        if not events or events[0].seq != self.position + 1:
            raise LiveStoreLost(f"Events after {self.position} are missing; the live store is at {seq}.")
        self._left_over = True
        applied = self._apply(events)
        self._live.retire(applied.position, applied.final)
        self._left_over = False

    def _tidy(self) -> None:
        """Let go of what was recorded before a crash or an outage, and is still in the live store."""
        while self._left_over:
            events = [event for event in self._live.events(0, BATCH) if event.seq <= self.position]
            if events:
                jobs = {event.seq: Job.model_validate_json(event.doc) for event in events}
                self._live.retire(events[-1].seq, [(job.id, seq) for seq, job in jobs.items() if job.final])
            self._left_over = bool(events)

    def _apply(self, events: list[LiveEvent]) -> Applied:
        start = time.perf_counter()
        with self._record.write() as connection:
            applied = apply_events(connection, events)
        self._audit.sign(applied.head)
        self._due = time.monotonic() + GAP_S * min(1.0, WORTH / len(events))
        self._advance(applied.position)
        PROJECTED.observe(time.perf_counter() - start)
        self._tell(applied)
        return applied

    def drain(self) -> None:
        """Before a restore: take what still follows on from the record."""
        while True:
            try:
                events = self._live.events(self.position, BATCH)
            except LiveStoreDamaged:  # from here on the record goes by what it holds
                return
            if not events or events[0].seq != self.position + 1:
                return
            self._apply(events)

    def _advance(self, position: int) -> None:
        with self._progress:
            self.position = position
            self._progress.notify_all()

    def rebase(self, position: int) -> None:
        """The record's position was set anew by a restore."""
        self._advance(position)
