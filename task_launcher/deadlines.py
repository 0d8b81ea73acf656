"""Nothing waits for ever: what to do with a job that has been in its stage for too long.

The rules are those of the table in docs/architecture.md. Times are the repository's monotonic ones.
"""

from dataclasses import dataclass
from typing import Final, assert_never

from labrelay.contracts.jobs import Failure, Job, OwnedJob
from labrelay.contracts.states import Owner, Stage
from labrelay.contracts.transitions import FailJob, MarkOverdue, RelaunchJob
from labrelay.errors import NotFound
from labrelay.settings.model import Launcher
from task_launcher.jobs import ACTOR, Jobs
from task_launcher.metrics import DEADLINES

WITH_WORKER: Final = frozenset({Stage.PROCESSING, Stage.REPORTED})
NO_ANSWER: Final = "pipeline_gave_no_answer"
TOO_LONG: Final = "processing_deadline"


@dataclass(frozen=True)
class Relaunch:
    """Take the attempt away and let another worker try."""

    reason: str


@dataclass(frozen=True)
class Fail:
    """Waiting can't help any more."""

    failure: Failure


@dataclass(frozen=True)
class Overdue:
    """Say what is waited for, and wait on."""

    reason: str


Action = Relaunch | Fail | Overdue


def longest(job: Job, launcher: Launcher) -> float:
    """Seconds that a worker may hold this job: its task's own deadline, else the launcher's."""
    return (job.task and job.task.processing_deadline_s) or launcher.deadline_s


def decide(owned: OwnedJob, launcher: Launcher, alive: bool | None) -> Action | None:
    """What a job's deadline asks for now; None while it may wait on.

    Args:
        owned: the job with its times.
        launcher: the deadlines, in seconds.
        alive: whether its pipeline is known to be there; None when nobody knows.
    """
    if owned.job.stage in WITH_WORKER:
        return _with_worker(owned, launcher)
    if owned.age_s <= launcher.overdue_s:
        return None
    if owned.job.stage is Stage.LAUNCHED and alive and _renews(owned.job):
        # Its message may be lost. If it isn't, the second one is refused at its claim.
        return Relaunch(f"No worker has taken the launch within {launcher.overdue_s:g} s; it is sent again.")
    reason = _waits_for(owned.job, alive)
    return Overdue(reason) if reason and reason != owned.job.overdue else None


def _with_worker(owned: OwnedJob, launcher: Launcher) -> Action | None:
    code, reason = _expired(owned, launcher)
    if not reason:
        return None
    if owned.job.launches < launcher.attempts:
        return Relaunch(reason)
    return Fail(_failure(code, reason, owned.job))


def _expired(owned: OwnedJob, launcher: Launcher) -> tuple[str, str]:
    reported = owned.job.stage is Stage.REPORTED
    limit = longest(owned.job, launcher) + (launcher.lease_s if reported else 0)
    worked = owned.age_s if owned.claim_age_s is None else owned.claim_age_s
    if worked > limit:
        return TOO_LONG, f"The pipeline worked for longer than {limit:g} s."
    if _silent(owned, launcher):
        return NO_ANSWER, f"The worker {owned.job.worker or '?'} has been silent for longer than its lease."
    return "", ""


def _silent(owned: OwnedJob, launcher: Launcher) -> bool:
    if not _renews(owned.job):  # only a report without its final status tells that an AiCSD pipeline is gone
        return owned.job.stage is Stage.REPORTED and owned.age_s > launcher.lease_s
    return owned.lease_left_s is not None and owned.lease_left_s <= 0


def _renews(job: Job) -> bool:
    return job.task is None or job.task.carrier == "streams"


def _failure(code: str, reason: str, job: Job) -> Failure:
    return Failure(
        code=code,
        cause=" ".join(text for text in (reason, job.overdue, f"It was launched {job.launches} times.") if text),
        next_step="Look at the pipeline's log, then retry the job; a longer deadline can be set in the task.",
        retryable=True,
        owner=Owner.TASK_LAUNCHER,
    )


def _waits_for(job: Job, alive: bool | None) -> str:
    pipeline = job.task.pipeline if job.task else "?"
    if job.stage is Stage.SEALING:
        return "The outputs wait to be sealed: look at the gateway's disk."
    if alive is False and job.stage in (Stage.READY, Stage.LAUNCHED):
        return f"No pipeline listens on {pipeline}."
    if job.stage is Stage.READY:
        return f"The queue of {pipeline} is long, or it is paused."
    if job.stage is Stage.LAUNCHED:
        return f"No worker of {pipeline} has taken the job yet."
    return ""


class Deadlines:
    """Carries the decisions out."""

    def __init__(self, jobs: Jobs, launcher: Launcher) -> None:
        self._jobs = jobs
        self._launcher = launcher

    def look(self, owned: OwnedJob, alive: bool | None) -> Action | None:
        """Decide on one job and ask the repository for the step; a job that moved on meanwhile is left alone."""
        action = decide(owned, self._launcher, alive)
        if action is None or self._moved_on(owned.job):
            return None
        DEADLINES.labels(type(action).__name__.lower()).inc()
        self._jobs.try_take(owned.job.id, step_of(action, owned.job))
        return action

    def _moved_on(self, job: Job) -> bool:
        try:
            return self._jobs.job(job.id).revision != job.revision
        except NotFound:
            return True


def step_of(action: Action, job: Job) -> RelaunchJob | FailJob | MarkOverdue:
    """The repository's step for a decision."""
    match action:
        case Relaunch(reason):
            return RelaunchJob(epoch=job.epoch, actor=ACTOR, attempt=job.attempt, reason=reason)
        case Fail(failure):
            return FailJob(epoch=job.epoch, actor=ACTOR, attempt=job.attempt, failure=failure)
        case Overdue(reason):
            return MarkOverdue(epoch=job.epoch, actor=ACTOR, reason=reason)
        case _:
            assert_never(action)
