"""The launch window: few launches are open per pipeline, and instruments take turns."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from labrelay.contracts.jobs import Job, OwnedJobs
from labrelay.contracts.states import Stage
from labrelay.contracts.transitions import LaunchJob, MarkOverdue
from task_launcher.carriers import Carrier
from task_launcher.jobs import ACTOR, Jobs
from task_launcher.metrics import LAUNCHES, OPEN, QUEUE
from task_launcher.switches import Mode, Switches

OPEN_STAGES: Final = frozenset({Stage.LAUNCHED, Stage.PROCESSING, Stage.REPORTED})
QUIET_S: Final = 5.0
"""Seconds without a launch for a pipeline that nobody listens to."""


@dataclass(frozen=True)
class Queue:
    """One pipeline's jobs: those that wait, those on the bus that no worker has yet, and how many launches are open."""

    ready: tuple[Job, ...]
    launched: tuple[Job, ...]
    open: int


def queues(owned: OwnedJobs) -> dict[str, Queue]:
    """The launcher's jobs by their pipeline."""
    by_topic: dict[str, list[Job]] = {}
    for each in owned.jobs:
        if each.job.task is not None:
            by_topic.setdefault(each.job.task.pipeline, []).append(each.job)
    return {topic: _queue(jobs) for topic, jobs in by_topic.items()}


def _queue(jobs: list[Job]) -> Queue:
    return Queue(
        ready=tuple(job for job in jobs if job.stage is Stage.READY),
        launched=tuple(job for job in jobs if job.stage is Stage.LAUNCHED),
        open=sum(job.stage in OPEN_STAGES for job in jobs),
    )


def choose(
    ready: Sequence[Job], open_launches: int, window: int, last_instrument: str, first: frozenset[str] = frozenset()
) -> Job | None:
    """The next job to launch; None when the window is full or nothing waits.

    Args:
        ready: the pipeline's jobs that wait.
        open_launches: how many are launched and not finished.
        window: how many may be.
        last_instrument: whose job was launched last; the next instrument's turn is now.
        first: jobs with one of these attribute values (plates) go before all others.
    """
    if open_launches >= window or not ready:
        return None
    urgent = [job for job in ready if not first.isdisjoint(map(str, job.source.attributes.values()))]
    return min(urgent or ready, key=lambda job: _turn(job, last_instrument))


def _turn(job: Job, last_instrument: str) -> tuple[bool, str, int, str]:
    instrument = job.source.instrument
    return instrument <= last_instrument, instrument, job.created_ns, job.id


class Window:
    """Fills every pipeline's window.

    Args:
        window: launches that may be open per pipeline.
        jobs: the job repository.
        switches: pauses and priorities.
        carriers: every carrier by its name.
    """

    def __init__(self, window: int, jobs: Jobs, switches: Switches, carriers: Mapping[str, Carrier]) -> None:
        self._window = window
        self._jobs = jobs
        self._switches = switches
        self._carriers = carriers
        self._last: dict[str, str] = {}
        self._quiet: dict[str, float] = {}

    def fill(self, owned: OwnedJobs) -> int:
        """Launch what the windows have room for; how many were launched."""
        launched = 0
        for topic, queue in queues(owned).items():
            QUEUE.labels(topic).set(len(queue.ready))
            OPEN.labels(topic).set(queue.open)
            if not self._is_quiet(topic):
                self._take_up(topic, queue.launched)
                launched += self._fill_one(topic, queue)
        return launched

    def _is_quiet(self, topic: str) -> bool:
        return self._quiet.get(topic, 0.0) > time.monotonic()

    def _take_up(self, topic: str, launched: Sequence[Job]) -> None:
        """Jobs that this process (or its predecessor) launched and didn't get to deliver."""
        for job in launched:
            if not self._deliver(topic, job):
                return

    def _fill_one(self, topic: str, queue: Queue) -> int:
        if self._switches.mode(topic) is not Mode.RUNNING:
            return 0
        ready, count = list(queue.ready), 0
        while not self._is_quiet(topic) and (job := self._next(topic, ready, queue.open + count)):
            ready.remove(job)
            count += self._launch(topic, job)
        return count

    def _next(self, topic: str, ready: Sequence[Job], open_launches: int) -> Job | None:
        last = self._last.get(topic, "")
        return choose(ready, open_launches, self._window, last, self._switches.first)

    def _launch(self, topic: str, job: Job) -> bool:
        carrier = self._carrier(job)
        if reason := carrier.silent(topic):
            self._hush(topic, job, reason)
            return False
        after = self._jobs.try_take(job.id, LaunchJob(epoch=job.epoch, actor=ACTOR, launch=carrier.message(job)))
        self._last[topic] = job.source.instrument
        if after is None:
            return False
        LAUNCHES.labels(topic, job.task.carrier if job.task else "").inc()
        return self._deliver(topic, after)

    def _deliver(self, topic: str, job: Job) -> bool:
        reason = self._carrier(job).deliver(job)
        if reason:
            self._hush(topic, job, reason)
        return not reason

    def _hush(self, topic: str, job: Job, reason: str) -> None:
        """Leave the pipeline alone for a while; the job says why."""
        self._quiet[topic] = time.monotonic() + QUIET_S
        if job.overdue != reason:
            self._jobs.try_take(job.id, MarkOverdue(epoch=job.epoch, actor=ACTOR, reason=reason))

    def _carrier(self, job: Job) -> Carrier:
        return self._carriers[job.task.carrier if job.task else "streams"]
