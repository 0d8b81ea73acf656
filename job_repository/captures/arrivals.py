"""Captures: announced, matched once, turned into jobs; their bytes stored or lost."""

import contextlib
import time
from collections.abc import Callable
from typing import Final

from job_repository.captures.store import CaptureStore, PlannedJob, StoredCapture
from job_repository.health.metrics import ANNOUNCED
from job_repository.holdings import holds_input
from job_repository.instruments.drains import InstrumentDrains
from job_repository.jobs.conflicts import DigestMismatch
from job_repository.jobs.effects import with_bytes
from job_repository.jobs.jobs import Jobs, Locks
from job_repository.jobs.steps import Created, LoseInput, StoreInput, Supersede
from job_repository.live.restore import Restorer
from job_repository.live.store import LiveStore
from job_repository.retention.releases import Releases, content_key
from job_repository.tasks.matching import Match, match
from job_repository.tasks.store import Tasks
from labrelay.contracts.captures import Announcement, CaptureAccepted, InputTrouble, job_id_for
from labrelay.contracts.jobs import Failure, Job, Source
from labrelay.contracts.states import Owner, Stage
from labrelay.contracts.tasks import FrozenTask
from labrelay.contracts.transitions import MarkOverdue
from labrelay.errors import Conflict, NotFound, ServiceUnavailable
from labrelay.layout import GatewayLayout

UNMATCHED: Final = Failure(
    code="unmatched",
    cause="No task takes this file, and its folder says that every file must match.",
    next_step="Create a task that takes the file, then reprocess the job.",
    retryable=False,
    owner=Owner.DATA_ORGANIZER,
)


class Captures:
    """What happens to captures.

    Args:
        check_room: raises where the disks of the stores have no room for another capture.
        left_undone: called when a capture is in the record and its jobs could not be created; `complete_all` is due.
    """

    def __init__(
        self,
        store: CaptureStore,
        tasks: Tasks,
        jobs: Jobs,
        live: LiveStore,
        restorer: Restorer,
        layout: GatewayLayout,
        releases: Releases,
        drains: InstrumentDrains,
        check_room: Callable[[], None],
        left_undone: Callable[[], None],
    ) -> None:
        self.store = store
        self._tasks = tasks
        self._jobs = jobs
        self._live = live
        self._restorer = restorer
        self._layout = layout
        self._releases = releases
        self._drains = drains
        self._check_room = check_room
        self._left_undone = left_undone
        self._locks = Locks()

    def announce(self, announcement: Announcement, actor: str = "", *, again: bool = False) -> CaptureAccepted:
        """Take a capture on: generation and matches into the record first, then its jobs in one step.

        Args:
            announcement: what the instrument found.
            actor: who announced, for the record.
            again: make a new generation although the content equals the last one (its job was deleted over v1).

        Raises:
            PredecessorMismatch: the path's last capture isn't the predecessor that the journal knows.
            ServiceUnavailable: a store can't be reached, or its disk is full; announce again.
        """
        self._check_room()
        capture, created = self.store.announce(announcement, self._plan, again=again)
        if created:
            ANNOUNCED.labels(announcement.instrument).inc()
        try:
            jobs = self._settled(capture, actor, fresh=created)
        except ServiceUnavailable:
            self._left_undone()
            raise
        return self._accepted(capture, jobs, created=created)

    def _accepted(self, capture: StoredCapture, jobs: list[Job], *, created: bool) -> CaptureAccepted:
        return CaptureAccepted(
            capture_id=capture.id,
            generation=capture.generation,
            epoch=self._live.epoch,
            jobs=tuple(job.id for job in jobs),
            matched=any(plan.task for plan in capture.jobs),
            created=created,
            bytes_needed=any(job.stage is Stage.AWAITING_INPUT for job in jobs),
            ended=not created and self.store.ended(capture.id),
        )

    def stored(self, capture_id: str, size: int, sha256: str) -> tuple[str, ...]:
        """The input store holds the bytes: all jobs that wait for this content go on; the capture's job ids.

        Raises:
            NotFound: there is no such capture.
            DigestMismatch: these aren't the announced bytes.
        """
        capture = self.store.get(capture_id)
        announced = capture.announcement
        if (announced.size, announced.sha256) != (size, sha256):
            raise DigestMismatch("The stored bytes aren't those that the capture announced.")
        self._releases.came_back(announced.instrument, sha256)
        self.arrived(announced.instrument, sha256)
        return tuple(plan.id for plan in capture.jobs)

    def arrived(self, instrument: str, sha256: str) -> None:
        """A content stands in the input store: all jobs that wait for it go on."""
        for same in self.store.with_content(instrument, sha256):
            for plan in same.jobs:
                self._take(plan.id, StoreInput(actor="file-receiver-gateway"))

    def trouble(self, capture_id: str, trouble: InputTrouble) -> tuple[str, ...]:
        """The OEM side can't send the bytes; the capture's job ids.

        Raises:
            NotFound: there is no such capture.
        """
        capture = self.store.get(capture_id)
        for plan in capture.jobs:
            if trouble.code == "input_waits":
                self._wait_on(plan.id, trouble.cause)
            else:
                self._take(plan.id, _step_for(trouble, capture.superseded_by))
        return tuple(plan.id for plan in capture.jobs)

    def match_now(self, job: Job) -> Match:
        """What today's tasks say of a job's capture."""
        return match(self._tasks.all(), job.source)

    def complete_all(self) -> None:
        """After a crash: captures that have no job in the record get theirs."""
        for capture in self.store.without_jobs():
            self._settled(capture, "job-repository")

    def _plan(self, capture: StoredCapture) -> tuple[PlannedJob, ...]:
        """Match a new capture; frozen into its row.

        Raises:
            InstrumentDrained: nothing new is taken from this instrument; the row isn't written either.
        """
        self._drains.check(capture.announcement.instrument)
        found = self.match_now(_job(capture, None, 0, Stage.READY))
        tasks: tuple[FrozenTask | None, ...] = found.tasks or (None,)
        plans = (PlannedJob(job_id_for(capture.id, task.id if task else None), task, found.notes) for task in tasks)
        return tuple(plans)

    def _settled(self, capture: StoredCapture, actor: str, *, fresh: bool = False) -> list[Job]:
        """Whatever a crash may have left undone after the record took the capture on. Repeating it changes nothing.

        Args:
            capture: as it stands in the record.
            actor: who announced it.
            fresh: it came to the record just now, so nobody needs to look for its jobs; their creation still does.
        """
        with self._locks.of(capture.id):
            jobs = self._restorer.guarded(lambda: self._created(capture, actor, fresh=fresh))
        if capture.predecessor:
            self._supersede(capture.predecessor, capture.id)
        step = StoreInput(actor="job-repository")
        return [self._jobs.step(job.id, step) if self._bytes_came(job) else job for job in jobs]

    def _created(self, capture: StoredCapture, actor: str, *, fresh: bool) -> list[Job]:
        told = capture.announcement
        with self._releases.standing([content_key(told.instrument, told.sha256)]):
            return self._created_now(capture, actor, {} if fresh else self._known_of(capture))

    def _created_now(self, capture: StoredCapture, actor: str, known: dict[str, Job]) -> list[Job]:
        held = holds_input(self._layout, capture.announcement.instrument, capture.announcement.sha256)
        new = [
            (_first(capture, plan, self._live.epoch, held=held), _created_step(self._live.epoch, actor, plan))
            for plan in capture.jobs
            if plan.id not in known
        ]
        made = {job.id: job for (job, _), seq in zip(new, self._written(new), strict=True) if seq}
        return [known.get(plan.id) or made.get(plan.id) or self._jobs.get(plan.id) for plan in capture.jobs]

    def _written(self, new: list[tuple[Job, str]]) -> list[int]:
        """Create jobs and tell of them; their numbers, 0 for those that were there already."""
        numbers = self._live.create(new) if new else []
        for (job, _), seq in zip(new, numbers, strict=True):
            if seq:
                self._jobs.tell(None, job, seq)
        return numbers

    def _known_of(self, capture: StoredCapture) -> dict[str, Job]:
        found = [self._known(plan.id) for plan in capture.jobs]
        return {job.id: job for job in found if job}

    def _known(self, job_id: str) -> Job | None:
        try:
            return self._jobs.get(job_id)
        except NotFound:
            return None

    def _bytes_came(self, job: Job) -> bool:
        """The bytes may have come between looking for them and creating the job."""
        waits = job.stage is Stage.AWAITING_INPUT
        return waits and holds_input(self._layout, job.source.instrument, job.source.sha256)

    def _supersede(self, predecessor: str, successor: str) -> None:
        for plan in self.store.get(predecessor).jobs:
            job = self._known(plan.id)
            if job and (not job.final or job.stage is Stage.SUPERSEDED):
                self._take(plan.id, Supersede(by=successor, actor="job-repository"))

    def _wait_on(self, job_id: str, reason: str) -> None:
        job = self._known(job_id)
        if job and job.stage is Stage.AWAITING_INPUT and job.overdue != reason:
            with contextlib.suppress(Conflict, NotFound):  # it moved on meanwhile
                self._jobs.step(job_id, MarkOverdue(epoch=job.epoch, actor="file-sender-oem", reason=reason))

    def _take(self, job_id: str, step: StoreInput | LoseInput | Supersede) -> None:
        """A job that a crash kept from being created looks at the store itself when it is."""
        with contextlib.suppress(NotFound):
            self._jobs.step(job_id, step)


def _step_for(trouble: InputTrouble, successor: str | None) -> LoseInput | Supersede:
    if trouble.code == "input_changed":
        return Supersede(by=successor, cause=trouble.cause, actor="file-sender-oem")
    failure = Failure(
        code=trouble.code,
        cause=trouble.cause,
        next_step="Look at the file on the instrument, then retry the job.",
        retryable=True,
        owner=Owner.FILE_SENDER_OEM,
    )
    return LoseInput(failure=failure, actor="file-sender-oem")


def _first(capture: StoredCapture, plan: PlannedJob, epoch: int, *, held: bool) -> Job:
    if plan.task is not None:
        return _job(capture, plan, epoch, with_bytes(plan.task) if held else Stage.AWAITING_INPUT)
    if capture.announcement.must_match:
        return _job(capture, plan, epoch, Stage.FAILED).model_copy(update={"failure": UNMATCHED})
    return _job(capture, plan, epoch, Stage.UNMATCHED)


def _job(capture: StoredCapture, plan: PlannedJob | None, epoch: int, stage: Stage) -> Job:
    told = capture.announcement
    names = ("instrument", "folder", "path", "size", "sha256", "host", "directory", "attributes", "returns")
    source = Source(
        capture_id=capture.id, generation=capture.generation, **{name: getattr(told, name) for name in names}
    )
    return Job(
        id=plan.id if plan else job_id_for(capture.id, None),
        epoch=epoch,
        revision=1,
        stage=stage,
        source=source,
        task=plan.task if plan else None,
        created_ns=capture.created_ns,
        updated_ns=time.time_ns(),
    )


def _created_step(epoch: int, actor: str, plan: PlannedJob) -> str:
    return Created(epoch=epoch, actor=actor or "data-organizer", notes=plan.notes).model_dump_json()
