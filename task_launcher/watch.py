"""One long poll of what the launcher owns feeds everything that it does: launches, deadlines, sealing."""

import time
from collections.abc import Callable
from typing import Final

from labrelay.contracts.jobs import Job, OwnedJob, OwnedJobs
from labrelay.contracts.states import Stage
from task_launcher.deadlines import Deadlines
from task_launcher.jobs import LIMIT, Jobs
from task_launcher.launching import Window
from task_launcher.registry import Registry
from task_launcher.tasks import Tasks

WAIT_S: Final = 1
DEADLINES_EVERY_S: Final = 1.0
TOPICS_EVERY_S: Final = 1.0
NOTHING: Final = OwnedJobs(epoch=0, seq=0, jobs=())


class Watch:
    """The owner's view and its first reactions.

    Args:
        jobs: the job repository.
        tasks: whose pipelines may have jobs.
        window: launches.
        deadlines: looks at every job about once a second.
        registry: which pipelines are alive.
        overdue_s: only from this age on does it matter whether the pipeline is alive.
        first: the plates that go before all others.
    """

    def __init__(
        self,
        jobs: Jobs,
        tasks: Tasks,
        window: Window,
        deadlines: Deadlines,
        registry: Registry,
        overdue_s: float,
        first: Callable[[], frozenset[str]] = frozenset,
    ) -> None:
        self._jobs = jobs
        self._tasks = tasks
        self._topics: set[str] = set()
        self._topics_asked = float("-inf")
        self._window = window
        self._deadlines = deadlines
        self._registry = registry
        self._overdue_s = overdue_s
        self._first = first
        self._looked = float("-inf")
        self.owned: OwnedJobs = NOTHING
        self.on_sealing: Callable[[], None] = lambda: None

    def turn(self) -> bool:
        """Wait for a change and react."""
        owned = self._jobs.owned(self.owned.seq, WAIT_S)
        if owned.epoch != self.owned.epoch:  # the live store was restored: its numbers may have moved
            owned = self._jobs.owned()
        self.owned = owned = self._completed(owned)
        if self.sealing:
            self.on_sealing()
        self._window.fill(owned)
        self._look(owned)
        return False

    def _completed(self, owned: OwnedJobs) -> OwnedJobs:
        """The answer, and where it was cut also the first jobs of pipelines and plates that a longer queue may hide."""
        told = {each.job.task.pipeline for each in owned.jobs if each.job.task}
        self._topics |= told
        if len(owned.jobs) < LIMIT:
            return owned
        found = {each.job.id: each for each in owned.jobs}
        for topic in sorted(self._hidden_by(told)):
            found.update((each.job.id, each) for each in self._jobs.owned(pipeline=topic).jobs)
        for job in self._jobs.ready_of(self._first()):
            found.setdefault(job.id, OwnedJob(job=job, age_s=0.0))
        return owned.model_copy(update={"jobs": tuple(found.values())})

    def _hidden_by(self, told: set[str]) -> set[str]:
        """Pipelines with jobs that may be cut off; one that fills the answer alone has its first jobs there."""
        if time.monotonic() - self._topics_asked > TOPICS_EVERY_S:
            self._topics |= {task.pipeline for task in self._tasks.all()}
            self._topics_asked = time.monotonic()
        return self._topics - told if len(told) == 1 else self._topics

    @property
    def sealing(self) -> list[Job]:
        """Jobs whose outputs wait to be sealed."""
        return [owned.job for owned in self.owned.jobs if owned.job.stage is Stage.SEALING]

    def _look(self, owned: OwnedJobs) -> None:
        if time.monotonic() - self._looked < DEADLINES_EVERY_S:
            return
        self._looked = time.monotonic()
        for each in owned.jobs:
            self._deadlines.look(each, self._alive(each))

    def _alive(self, owned: OwnedJob) -> bool | None:
        task = owned.job.task
        if task is None or owned.age_s <= self._overdue_s:
            return None
        alive = self._registry.alive(task.pipeline)
        return alive if task.carrier == "streams" else alive or None
