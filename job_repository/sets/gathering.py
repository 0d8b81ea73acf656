"""Closes sets of captures: looks at those that changed, and at those whose deadline has come.

The launcher owns the jobs of a set, but only the store sees all of them at once, however many wait; so the repository
itself decides, as it does for absent OEM sides (ADR 10). All jobs of a set take their steps in one script.
"""

import contextlib
import threading
import time
from typing import Final

from job_repository.instruments.pauses import InstrumentPauses
from job_repository.jobs.jobs import Jobs
from job_repository.jobs.queries import Queries
from job_repository.jobs.steps import FollowLead, LeaveSet
from job_repository.live.clocks import Clocks
from job_repository.live.restore import Restorer
from job_repository.live.store import LiveStore
from job_repository.sets.rules import ACTOR, follow, leads, plan, rule_of, set_key
from labrelay.contracts.jobs import Job, OwnedJob
from labrelay.contracts.states import Stage
from labrelay.errors import Conflict, LabrelayError, NotFound

MOST: Final = 1_000_000
AGAIN_S: Final = 1.0


class Gathering:
    """The sets that wait.

    Args:
        pauses: while an instrument is paused no deadline of its sets runs; afterwards it begins anew.
    """

    def __init__(
        self,
        live: LiveStore,
        restorer: Restorer,
        clocks: Clocks,
        jobs: Jobs,
        queries: Queries,
        pauses: InstrumentPauses,
    ) -> None:
        self._live = live
        self._restorer = restorer
        self._clocks = clocks
        self._jobs = jobs
        self._queries = queries
        self._pauses = pauses
        self._paused: dict[str, float] = {}
        self._lock = threading.Lock()
        self._due: dict[str, float] = {}
        self._unknown = threading.Event()
        self._unknown.set()

    def note(self, job: Job) -> None:
        """A job has changed; the set that it waits for is looked at in the next turn."""
        if job.stage is Stage.GATHERING:
            with self._lock:
                self._due[set_key(job)] = 0.0

    def take_up(self) -> None:
        """After a restore the next turn looks at everything, as after a start."""
        self._unknown.set()

    def turn(self) -> bool:
        """Look at every set that is due; one that can't be looked at now is due again."""
        self._note_pauses()
        if self._unknown.is_set():
            self._look_everywhere()
        for key in self._due_now():
            self._take(key)
            try:
                self._look(key)
            except Exception:
                self._again(key, time.monotonic() + AGAIN_S)
                raise
        return False

    def waiting(self, key: str) -> list[OwnedJob]:
        """The jobs that wait for a set, with their times."""
        jobs = self._restorer.guarded(lambda: self._live.gathering(key))
        return [self._with_age(job) for job in jobs]

    def _with_age(self, job: Job) -> OwnedJob:
        """Its time since the instrument was last seen paused, where that is less than its time in the stage."""
        view = self._clocks.view(job)
        since = time.monotonic() - self._paused.get(job.source.instrument, float("-inf"))
        return view.model_copy(update={"age_s": min(view.age_s, since)})

    def _note_pauses(self) -> None:
        now = time.monotonic()
        self._paused |= {name: now for name, held in self._pauses.all().items() if held.active}

    def _due_now(self) -> list[str]:
        with self._lock:
            now = time.monotonic()
            return [key for key, due in self._due.items() if due <= now]

    def _take(self, key: str) -> None:
        """Before its look, so that what is noted during it is looked at afterwards."""
        with self._lock:
            self._due.pop(key, None)

    def _again(self, key: str, due: float) -> None:
        """What was noted meanwhile comes first."""
        with self._lock:
            self._due[key] = min(due, self._due.get(key, due))

    def _look(self, key: str) -> None:
        waiting = self.waiting(key)
        if not waiting:
            return
        asked = plan(waiting, lambda: self.earlier(key))
        with contextlib.suppress(Conflict):  # a member moved on meanwhile
            if asked:
                self._jobs.together(asked)
        left_s = rule_of(waiting[0].job).deadline_s - max(each.age_s for each in waiting)
        self._again(key, time.monotonic() + max(left_s, AGAIN_S if asked else 0.0))

    def earlier(self, key: str) -> Job | None:
        """The job that worked for the last set of this key."""
        closed = [job for job in self._queries.of_set(key) if job.members]
        return max(closed, key=lambda job: job.created_ns, default=None)

    def _look_everywhere(self) -> None:
        self._unknown.clear()
        try:
            for job in self._restorer.guarded(self._joined):
                self._mend(job)
            for key in self._restorer.guarded(self._live.gathering_keys):
                self._again(key, 0.0)
        except LabrelayError:
            self._unknown.set()
            raise

    def _joined(self) -> list[Job]:
        return self._live.standing((Stage.JOINED,), None, None, MOST)[1]

    def _mend(self, job: Job) -> None:
        """A loss may have cut off what a lead and its members did together: a member goes by what its lead tells."""
        step = self._mending(job)
        if step is not None:
            with contextlib.suppress(Conflict):
                self._jobs.step(job.id, step)

    def _mending(self, job: Job) -> FollowLead | LeaveSet | None:
        lead_id = job.lead or ""
        try:
            lead = self._jobs.get(lead_id)
        except NotFound:
            lead = None
        if lead is None or not leads(lead, job):
            return LeaveSet(lead=lead_id, actor=ACTOR)
        return follow(lead) if lead.final else None
