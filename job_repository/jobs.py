"""Jobs as the rest of the repository sees them: read anywhere, changed in one place."""

import threading
import time
from collections.abc import Callable
from typing import Final

from job_repository.changes import Changes, job_bell, keys_of
from job_repository.clocks import Clocks
from job_repository.conflicts import JobMoved
from job_repository.effects import NOTHING_HELD, Held
from job_repository.holdings import held
from job_repository.live import LiveStore
from job_repository.metrics import REFUSALS, STEPS
from job_repository.record.store import Record
from job_repository.restore import Restorer
from job_repository.steps import Reprocess, TakenStep
from job_repository.transitions import apply
from labrelay.contracts.jobs import Job
from labrelay.contracts.transitions import ClaimJob, LaunchJob, RetryJob
from labrelay.errors import Conflict, NotFound
from labrelay.layout import GatewayLayout

TRIES: Final = 20
LOCKS: Final = 64


class Locks:
    """One lock for each of a fixed number of groups of names."""

    def __init__(self) -> None:
        self._locks = [threading.Lock() for _ in range(LOCKS)]

    def of(self, name: str) -> threading.Lock:
        """The lock of a name."""
        return self._locks[hash(name) % LOCKS]


class Jobs:
    """Reads and steps.

    Args:
        committed: called after each commit (wakes the projector).
    """

    def __init__(
        self,
        record: Record,
        live: LiveStore,
        restorer: Restorer,
        layout: GatewayLayout,
        clocks: Clocks,
        changes: Changes,
        committed: Callable[[], None],
    ) -> None:
        self._record = record
        self._live = live
        self._restorer = restorer
        self._layout = layout
        self._clocks = clocks
        self._changes = changes
        self._committed = committed
        self._locks = Locks()

    def get(self, job_id: str) -> Job:
        """A job, live or recorded.

        Raises:
            NotFound: nobody knows it.
        """
        return self._restorer.guarded(lambda: self._find(job_id))[0]

    def step(self, job_id: str, step: TakenStep) -> Job:
        """Take a step; the job afterwards.

        Raises:
            NotFound: there is no such job.
            Conflict: the job isn't where the step believes.
            ServiceUnavailable: a store can't be reached.
        """
        try:
            return self._restorer.guarded(lambda: self._take(job_id, step))
        except Conflict as refusal:
            REFUSALS.labels(refusal.code).inc()
            raise

    def _take(self, job_id: str, step: TakenStep) -> Job:
        with self._locks.of(job_id):
            for _ in range(TRIES):
                try:
                    return self._try(job_id, step)
                except JobMoved:
                    continue
        raise JobMoved("Too many steps at once on this job.")

    def _try(self, job_id: str, step: TakenStep) -> Job:
        job, is_live = self._find(job_id)
        holdings = NOTHING_HELD
        if isinstance(step, (RetryJob, Reprocess)):
            job, holdings = self._revived(job)
        after = apply(job, step, time.time_ns(), holdings)
        if after is job:
            return job
        launch = step.launch if isinstance(step, LaunchJob) else None
        seq = self._live.commit(job if is_live else None, after, step.model_dump_json(), launch)
        self.tell(job if is_live else None, after, seq, step.lease_s if isinstance(step, ClaimJob) else None)
        STEPS.labels(step.step).inc()
        return after

    def _revived(self, job: Job) -> tuple[Job, Held]:
        """A final job of an older epoch goes on under today's."""
        if not job.final:
            return job, NOTHING_HELD
        epoch = self._live.epoch
        return job.model_copy(update={"epoch": epoch}), held(self._layout, job, epoch)

    def tell(self, before: Job | None, after: Job, seq: int, lease_s: float | None = None) -> None:
        """Set the clocks, ring for all who wait, wake the projector."""
        self._clocks.moved(before, after, lease_s)
        keys = keys_of(after) | (keys_of(before) if before else set()) | {job_bell(after.id)}
        self._changes.note(keys, seq)
        self._committed()

    def _find(self, job_id: str) -> tuple[Job, bool]:
        job = self._live.get(job_id)
        if job is not None:
            return job, True
        job = self._record.job(job_id)
        if job is None:
            raise NotFound(f"There is no job {job_id}.")
        return job, False
