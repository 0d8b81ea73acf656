"""When the live store was lost: a new epoch, unfinished jobs from the record, numbers go on."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

from sqlalchemy import select

from job_repository.health.metrics import DAMAGED, RESTORES
from job_repository.holdings import held
from job_repository.jobs.conflicts import LiveStoreDamaged, LiveStoreLost
from job_repository.jobs.effects import rewound
from job_repository.jobs.steps import Restored
from job_repository.live.epochs import begin_epoch
from job_repository.live.lease import Lease
from job_repository.live.store import LiveStore
from job_repository.record.models import JobRow
from job_repository.record.projector import Projector
from job_repository.record.store import Record, number_of, set_number
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from labrelay.layout import GatewayLayout
from labrelay.telemetry import logger

CHUNK: Final = 100
Answer = TypeVar("Answer")
_log = logger("job_repository.live.restore")


def restored(job: Job, layout: GatewayLayout, epoch: int, now_ns: int) -> Job:
    """An unfinished job of the record under a new epoch, at a stage that its owner can act from."""
    joined = job.stage is Stage.JOINED  # what its lead comes to decides about it afterwards
    changes = {} if joined else rewound(job, held(layout, job, epoch), keep_failed_report=True)
    common = {"epoch": epoch, "revision": job.revision + 1, "overdue": "", "worker": "", "updated_ns": now_ns}
    return job.model_copy(update={**changes, **common})


class Restorer:
    """Runs calls against the live store, and restores it when it was lost; one restore at a time.

    Attributes:
        damages: restores since this process began because something stored had changed by itself.

    Args:
        lease: the right to this live store.
        done: called after a restore with the epoch and the running number.
    """

    def __init__(
        self,
        record: Record,
        live: LiveStore,
        projector: Projector,
        layout: GatewayLayout,
        lease: Lease,
        done: Callable[[int], None],
    ) -> None:
        self.damages = 0
        self._lease = lease
        self._record = record
        self._live = live
        self._projector = projector
        self._layout = layout
        self._done = done
        self._lock = threading.Lock()

    def guarded(self, call: Callable[[], Answer]) -> Answer:
        """The call's answer; after a loss the store is restored and the call repeated.

        Raises:
            LiveStoreTaken: another gateway uses it.
            ServiceUnavailable: Redis or the record can't be reached.
        """
        try:
            self.enter()
            return call()
        except LiveStoreLost as loss:
            self._restore(loss)
        return call()

    def enter(self) -> None:
        """Have the right to the live store; one that was another gateway's is filled anew from this one's record.

        Raises:
            LiveStoreTaken: another gateway uses it.
            ServiceUnavailable: Redis can't be reached.
        """
        if not self._lease.held and self._lease.take():
            self._live.epoch = 0

    def _restore(self, loss: LiveStoreLost) -> None:
        with self._lock, self._projector.turn_lock:
            self._lease.beat()
            if not self._still_lost(loss):
                return
            if isinstance(loss, LiveStoreDamaged):
                self.damages += 1
                DAMAGED.inc()
            if self._live.epoch:
                _log.warning("live store lost, restoring from the record", cause=loss.cause)
            self._projector.drain()
            epoch, base = self._begin()
            self._live.begin_anew(f"restoring:{epoch}", base)
            count = sum(self._write(chunk, epoch) for chunk in self._unfinished())
            self._live.open(epoch)
            self._lease.sign()
            self._projector.rebase(base)
            RESTORES.inc()
            _log.info("live store opened", epoch=epoch, jobs=count)
        self._done(self._live.check())

    def _still_lost(self, loss: LiveStoreLost) -> bool:
        try:
            if isinstance(loss, LiveStoreDamaged):
                self._live.get(loss.job_id)
                self._live.events(0, 1)
            seq = self._live.check()
            events = self._live.events(self._projector.position, 1)
        except LiveStoreLost:
            return True
        following = events[0].seq if events else seq + 1
        return following != self._projector.position + 1

    def _begin(self) -> tuple[int, int]:
        """The new epoch and the number to go on from, both in the record before Redis is touched."""
        stored = self._live.stored_epoch()
        with self._record.write() as connection:
            epoch = max(number_of(connection, "epoch", lock=True), stored) + 1
            base = max(number_of(connection, "applied"), self._live.floor)
            set_number(connection, "epoch", epoch)
            begin_epoch(connection, epoch)
            set_number(connection, "applied", base)
        self._live.epoch = epoch
        return epoch, base

    def _unfinished(self) -> Iterator[list[Job]]:
        after = 0
        while True:
            query = select(JobRow.number, JobRow.doc).where(~JobRow.final, JobRow.number > after)
            with self._record.read() as connection:
                rows = connection.execute(query.order_by(JobRow.number).limit(CHUNK)).all()
            if not rows:
                return
            after = rows[-1].number
            yield [Job.model_validate_json(row.doc) for row in rows]

    def _write(self, jobs: list[Job], epoch: int) -> int:
        step = Restored(epoch=epoch, actor="job-repository").model_dump_json()
        fresh = [(restored(job, self._layout, epoch, time.time_ns()), step) for job in jobs]
        self._live.create(fresh, epoch=f"restoring:{epoch}")
        return len(fresh)
