"""Jobs as the rest of the repository sees them: read anywhere, changed in one place."""

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from job_repository.changes import Changes, job_bell, keys_of
from job_repository.health.metrics import REFUSALS, STEPS
from job_repository.holdings import held
from job_repository.jobs.conflicts import GoesWithItsSet, JobMoved
from job_repository.jobs.effects import NOTHING_HELD, Held
from job_repository.jobs.steps import EditJob, FinishPlate, LeaveSet, RejoinSet, Reprocess, TakenStep
from job_repository.jobs.transitions import apply
from job_repository.live.clocks import Clocks
from job_repository.live.restore import Restorer
from job_repository.live.store import Change, LiveStore
from job_repository.record.store import Record
from job_repository.retention.releases import Releases, contents_of
from job_repository.sets.rules import followers, leads
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from labrelay.contracts.transitions import ClaimJob, LaunchJob, RetryJob
from labrelay.errors import Conflict, NotFound
from labrelay.layout import GatewayLayout

TRIES: Final = 20
BEGINS_AGAIN: Final = (RetryJob, Reprocess, RejoinSet, LeaveSet, FinishPlate)
"""Steps that look at what the stores hold of a job."""
LOCKS: Final = 64


class Locks:
    """One lock for each of a fixed number of groups of names."""

    def __init__(self) -> None:
        self._locks = [threading.Lock() for _ in range(LOCKS)]

    def of(self, name: str) -> threading.Lock:
        """The lock of a name."""
        return self._locks[hash(name) % LOCKS]


@dataclass(frozen=True)
class Taken:
    """One step on one job: as it was, whether it was live, the step, as it is afterwards."""

    before: Job
    live: bool
    step: TakenStep
    after: Job

    @property
    def change(self) -> Change:
        """What is written of it."""
        launch = self.step.launch if isinstance(self.step, LaunchJob) else None
        return Change(self.before if self.live else None, self.after, self.step.model_dump_json(), launch)


class Jobs:
    """Reads and steps.

    Args:
        committed: called with each job that was changed (wakes the projector, lets sets be looked at).
    """

    def __init__(
        self,
        record: Record,
        live: LiveStore,
        restorer: Restorer,
        layout: GatewayLayout,
        clocks: Clocks,
        changes: Changes,
        releases: Releases,
        committed: Callable[[Job], None],
    ) -> None:
        self._record = record
        self._live = live
        self._restorer = restorer
        self._layout = layout
        self._clocks = clocks
        self._changes = changes
        self._releases = releases
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
        with self._locks.of(job_id):
            return self.together([(job_id, step)])[0]

    def together(self, asked: Sequence[tuple[str, TakenStep]]) -> list[Job]:
        """Take steps on several jobs, all or none; the jobs afterwards, in this order. Raises as `step`."""
        try:
            return self._restorer.guarded(lambda: self._repeated(asked))
        except Conflict as refusal:
            REFUSALS.labels(refusal.code).inc()
            raise

    def _repeated(self, asked: Sequence[tuple[str, TakenStep]]) -> list[Job]:
        if taken := self._from_memory(asked):
            with contextlib.suppress(Conflict):  # it moved meanwhile: what was read decides
                return self._settled(taken)
        for _ in range(TRIES):
            try:
                return self._try(asked)
            except JobMoved:
                continue
        raise JobMoved("Too many steps at once on this job.")

    def _from_memory(self, asked: Sequence[tuple[str, TakenStep]]) -> list[Taken]:
        """The steps on the jobs as this process wrote them last, as a commit compares with what is stored anyway.

        Empty where that isn't enough: refusals and repetitions are told of jobs that were read.
        """
        taken = []
        for job_id, step in asked:
            job = None if isinstance(step, BEGINS_AGAIN) else self._live.recent.of(job_id, self._live.epoch)
            try:
                after = job and apply(job, step, time.time_ns())
            except Conflict:
                return []
            if job is None or after is None or after is job:
                return []
            taken.append(Taken(job, True, step, after))
        return taken

    def _try(self, asked: Sequence[tuple[str, TakenStep]]) -> list[Job]:
        with self._releases.standing(self._stakes(asked)):
            return self._try_now(asked)

    def _stakes(self, asked: Sequence[tuple[str, TakenStep]]) -> set[str]:
        """What must not be let go between the look at the stores and the writing."""
        jobs = [self._find(job_id)[0] for job_id, step in asked if isinstance(step, BEGINS_AGAIN)]
        members = {member.job_id for job in jobs for member in job.members}
        return members.union(*({job.id} | contents_of(job) for job in jobs))

    def _try_now(self, asked: Sequence[tuple[str, TakenStep]]) -> list[Job]:
        return self._settled([self._taken(*each) for each in asked])

    def _settled(self, taken: Sequence[Taken]) -> list[Job]:
        """Write what changes, with what must be changed with it; the jobs afterwards."""
        following = [self._taken(*each) for one in taken for each in _followers(one)]
        changed = [each for each in (*taken, *following) if each.after is not each.before]
        if changed:
            self._write(sorted(changed, key=_written_later))
        return [each.after for each in taken]

    def _taken(self, job_id: str, step: TakenStep) -> Taken:
        job, live = self._find(job_id)
        holdings = NOTHING_HELD
        if isinstance(step, RetryJob):
            self._refuse_member(job)
        if isinstance(step, BEGINS_AGAIN):
            revived, holdings = self._revived(job)
            after = apply(revived, step, time.time_ns(), holdings)
            return Taken(job, live, step, job if after is revived else self._releases.asked_again(after))
        return Taken(job, live, step, apply(job, step, time.time_ns(), holdings))

    def _refuse_member(self, job: Job) -> None:
        """Alone it would be worked on twice: by itself, and by a lead that is retried later."""
        if job.lead and leads(self._find(job.lead)[0], job):
            raise GoesWithItsSet(f"The job {job.lead} leads the set of this file.", lead=job.lead)

    def _revived(self, job: Job) -> tuple[Job, Held]:
        """A final job of an older epoch goes on under today's."""
        if not job.final and job.stage is not Stage.JOINED:
            return job, NOTHING_HELD
        epoch = self._live.epoch
        return job.model_copy(update={"epoch": epoch}), held(self._layout, job, epoch)

    def _write(self, changed: Sequence[Taken]) -> None:
        numbers = self._live.commit_all([each.change for each in changed])
        for each, seq in zip(changed, numbers, strict=True):
            lease_s = each.step.lease_s if isinstance(each.step, ClaimJob) else None
            self.tell(each.before if each.live else None, each.after, seq, lease_s)
            if isinstance(each.step, EditJob):  # its plate may have been another
                self._committed(each.before)
            STEPS.labels(each.step.step).inc()

    def tell(self, before: Job | None, after: Job, seq: int, lease_s: float | None = None) -> None:
        """Set the clocks, ring for all who wait, wake the projector."""
        self._clocks.moved(before, after, lease_s)
        keys = keys_of(after) | (keys_of(before) if before else set()) | {job_bell(after.id)}
        self._changes.note(keys, seq)
        self._committed(after)

    def _find(self, job_id: str) -> tuple[Job, bool]:
        job = self._live.get(job_id)
        if job is not None:
            return job, True
        job = self._record.job(job_id)
        if job is None:
            raise NotFound(f"There is no job {job_id}.")
        return job, False


def _followers(taken: Taken) -> list[tuple[str, TakenStep]]:
    """What else must be changed with it; who reprocesses a set asks for every member himself."""
    return [] if isinstance(taken.step, Reprocess) else [*followers(taken.before, taken.after)]


def _written_later(taken: Taken) -> bool:
    """A lead that begins is written after its members, one that ends before them.

    So whatever part of them a loss cuts off, a joined member finds a lead that tells how to go on.
    """
    return bool(taken.after.members) is not taken.after.final
