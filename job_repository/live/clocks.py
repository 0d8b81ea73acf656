"""Leases and ages on a monotonic clock, in memory: after a restart all of them begin anew."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from job_repository.jobs.conflicts import StaleAttempt
from labrelay.contracts.jobs import Job, OwnedJob
from labrelay.contracts.states import Stage
from labrelay.settings.model import Launcher

CLAIMED = (Stage.PROCESSING, Stage.REPORTED)


@dataclass(frozen=True)
class Hands:
    """One job's times, seconds of the monotonic clock."""

    stage: Stage
    entered: float
    claimed: float
    lease_end: float


class Clocks:
    """Times of the live jobs.

    Args:
        launcher: lease and deadline that hold unless the job's task or claim says otherwise.
        now: the monotonic clock, seconds.
    """

    def __init__(self, launcher: Launcher, now: Callable[[], float] = time.monotonic) -> None:
        self._launcher = launcher
        self._now = now
        self._start = now()
        self._lock = threading.Lock()
        self._hands: dict[str, Hands] = {}

    def moved(self, before: Job | None, after: Job, lease_s: float | None = None) -> None:
        """The job took a step; `lease_s` is given with a claim."""
        with self._lock:
            if after.final:
                self._hands.pop(after.id, None)
                return
            hands = self._of(after)
            if before is None or before.stage is not after.stage:
                hands = self._entered(after, hands)
            if lease_s is not None:
                hands = replace(hands, claimed=self._now(), lease_end=self._now() + self._lease(after, lease_s))
            self._hands[after.id] = hands

    def renew(self, job: Job, lease_s: float) -> float:
        """A worker is still alive; the seconds that it has now.

        Raises:
            StaleAttempt: nobody holds a claim on this job.
        """
        if job.stage not in CLAIMED:
            raise StaleAttempt(f"The job is {job.stage}; there is no lease to renew.")
        with self._lock:
            hands = self._of(job)
            end = max(hands.lease_end, self._now() + lease_s)
            self._hands[job.id] = replace(hands, lease_end=end)
            return end - self._now()

    def view(self, job: Job) -> OwnedJob:
        """The job with its times."""
        with self._lock:
            hands, now = self._current(job), self._now()
        claimed = job.stage in CLAIMED
        return OwnedJob(
            job=job,
            age_s=now - hands.entered,
            lease_left_s=hands.lease_end - now if claimed else None,
            claim_age_s=now - hands.claimed if claimed else None,
        )

    def forget(self) -> None:
        """All times begin anew now."""
        with self._lock:
            self._hands.clear()
            self._start = self._now()

    def _current(self, job: Job) -> Hands:
        """A step that is committed and not yet told of here has just happened: no older time counts for its stage."""
        hands, now = self._of(job), self._now()
        if hands.stage is not job.stage:
            hands = self._hands[job.id] = Hands(job.stage, now, now, now + self._lease(job, None))
        return hands

    def _of(self, job: Job) -> Hands:
        found = self._hands.get(job.id)
        return found or Hands(job.stage, self._start, self._start, self._start + self._lease(job, None))

    def _entered(self, job: Job, hands: Hands) -> Hands:
        now = self._now()
        lease = now + self._launcher.lease_s if job.stage is Stage.REPORTED else hands.lease_end
        return replace(hands, stage=job.stage, entered=now, lease_end=lease)

    def _lease(self, job: Job, asked_s: float | None) -> float:
        """AiCSD's pipelines can't renew a lease: theirs lasts as long as the work may take."""
        if job.task is not None and job.task.carrier != "streams":
            return job.task.processing_deadline_s or self._launcher.deadline_s
        return asked_s or self._launcher.lease_s
