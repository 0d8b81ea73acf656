"""Callbacks: a worker renews its lease, and posts its final status after its report (AiCSD's wire format, B.3)."""

import contextlib
from typing import Final

from labrelay.access.callers import Caller
from labrelay.capability import Fence, parse_fence, verify
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import PipelineStatus, Stage
from labrelay.contracts.transitions import FinishJob, MarkOverdue
from labrelay.errors import Conflict, Forbidden, NotFound, RequestRefused
from labrelay.settings import Settings
from task_launcher.attempts import fence_of
from task_launcher.jobs import ACTOR, Jobs
from task_launcher.metrics import CALLBACKS

BEFORE_CLAIM: Final = frozenset({Stage.AWAITING_INPUT, Stage.READY, Stage.LAUNCHED})
AT_WORK: Final = frozenset({Stage.PROCESSING, Stage.REPORTED})
STATUSES: Final = {status.value.lower(): status for status in PipelineStatus if status.value}
ENDS: Final = frozenset({PipelineStatus.COMPLETE, PipelineStatus.FAILED})


class CallbackRefused(RequestRefused):
    """The callback isn't one that AiCSD would take."""

    code = "callback_refused"
    default_next_step = "PUT the report to JobUpdateUrl first, then POST the same status to PipelineStatusUrl."


class StaleAttempt(Conflict):
    """Another attempt holds the job by now; this worker's results count no more."""

    code = "stale_attempt"
    default_next_step = "Drop this attempt's work; the job is worked on by another, or ended."


class Callbacks:
    """Takes what workers post.

    Args:
        settings: the lease's length.
        key: the gateway's callback key.
        jobs: the job repository.
    """

    def __init__(self, settings: Settings, key: bytes, jobs: Jobs) -> None:
        self._lease_s = settings.launcher.lease_s
        self._key = key
        self._jobs = jobs

    def fence(self, job_id: str, task_id: str, attempt: str, signature: str) -> Fence:
        """The attempt that a capability URL is good for.

        Raises:
            Forbidden: the URL isn't one that the launcher gave out.
        """
        fence = parse_fence(job_id, task_id, attempt)
        verify(self._key, fence, signature)
        return fence

    def renew(self, fence: Fence) -> float:
        """Renew an attempt's lease; the seconds that it now runs.

        Raises:
            Conflict: the attempt has been taken away.
        """
        return self._jobs.renew(fence.job_id, fence.epoch, fence.attempt, self._lease_s)

    def finish(self, job_id: str, task_id: str, text: str, fence: Fence | None) -> Job | None:
        """Take a final status; repeating it gets the first answer.

        Args:
            job_id: from the URL.
            task_id: from the URL.
            text: the body.
            fence: the capability's attempt; None for a tokenless call, which is taken for the current attempt.

        Returns:
            The job as it ends its processing now, None for a repetition.

        Raises:
            CallbackRefused: unknown or early status, unknown job, other task, or no report of this status.
            StaleAttempt: another attempt holds the job.
        """
        try:
            return self._finish(job_id, task_id, text, fence)
        except CallbackRefused as refusal:
            self._note(job_id, fence, refusal.cause)
            raise

    def _finish(self, job_id: str, task_id: str, text: str, fence: Fence | None) -> Job | None:
        status = _final_status(text)
        job = self._job(job_id)
        _check_subject(job, task_id, fence)
        _check_report(job, status)
        step = FinishJob(epoch=job.epoch, actor=job.worker, attempt=job.attempt, status=status)
        after = self._jobs.take(job_id, step)
        if job.stage is not Stage.REPORTED:
            return None
        CALLBACKS.labels(status.value).inc()
        return after

    def _note(self, job_id: str, fence: Fence | None, cause: str) -> None:
        """The job of the attempt that called says why it waits on, as its pipeline may never call again."""
        if fence is None:
            return
        with contextlib.suppress(CallbackRefused):
            job = self._job(job_id)
            if job.stage in AT_WORK and fence == fence_of(job) and not job.overdue:
                reason = f"The pipeline's final status was refused: {cause}."
                self._jobs.try_take(job_id, MarkOverdue(epoch=job.epoch, actor=ACTOR, reason=reason))

    def _job(self, job_id: str) -> Job:
        try:
            return self._jobs.job(job_id)
        except NotFound as error:
            raise CallbackRefused("failed to retrieve job(s) from job repo") from error


def check_here(caller: Caller) -> None:
    """Callbacks without a capability are only taken from this machine.

    Raises:
        Forbidden: the caller is another machine.
    """
    if not caller.local:
        raise Forbidden("A callback without its capability is only taken from this machine.")


def _final_status(text: str) -> PipelineStatus:
    status = STATUSES.get(text.strip().lower())
    if status is None:
        raise CallbackRefused(f"{text.strip()[:60]!r} is not a pipeline status")
    if status not in ENDS:
        raise CallbackRefused(f"{status} is not a final status")
    return status


def _check_subject(job: Job, task_id: str, fence: Fence | None) -> None:
    if job.task is None or job.task.id != task_id:
        raise CallbackRefused(f"task {task_id} doesn't work on job {job.id}")
    stale = job.stage in BEFORE_CLAIM or job.attempt == 0
    if stale or (fence is not None and fence != fence_of(job)):
        raise StaleAttempt(f"Another attempt than {fence.text if fence else 'this'} holds job {job.id}.")


def _check_report(job: Job, status: PipelineStatus) -> None:
    if job.report is not None and job.report.status == status:
        return
    if job.stage in AT_WORK:
        raise CallbackRefused(f"the job repository holds no report of {status} for job {job.id}")
    raise StaleAttempt(f"Job {job.id} has ended this attempt with another answer: it is {job.stage}.")
