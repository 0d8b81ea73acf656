"""Claims: a worker takes a job that was launched, and gets everything that it needs for one attempt."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from labrelay.contracts.jobs import Failure, Job
from labrelay.contracts.launches import Claim, ClaimedInput, ClaimRequest
from labrelay.contracts.states import Owner, Stage
from labrelay.contracts.tasks import FrozenTask
from labrelay.contracts.transitions import ClaimJob, FailJob, MarkOverdue
from labrelay.errors import Conflict, StorageFull
from labrelay.room import usage
from labrelay.settings import Settings
from task_launcher.attempts import InputLost, fence_of, inputs_of, layout_of, urls_of
from task_launcher.deadlines import longest
from task_launcher.jobs import ACTOR, Jobs
from task_launcher.metrics import CLAIMS
from task_launcher.preparing import WAIT_S, Preparations

SPACE: Final = 2
"""Times its inputs: what a job may take on the disk, with its outputs."""


class Claims:
    """Gives jobs to workers.

    Args:
        settings: where things lie and how long leases run.
        key: the gateway's callback key.
        jobs: the job repository.
    """

    def __init__(self, settings: Settings, key: bytes, jobs: Jobs) -> None:
        self._settings = settings
        self._key = key
        self._jobs = jobs
        self._preparations = Preparations(layout_of(settings), jobs)

    def claim(self, request: ClaimRequest, lease_s: float | None = None, wait_s: float | None = WAIT_S) -> Claim:
        """Give a launched job to a worker; the worker that holds it already gets the same claim again.

        Args:
            request: which job, of which epoch, for whom.
            lease_s: seconds that the worker may be silent; the launcher's setting by default.
            wait_s: longest wait for a large input's copy; None waits for as long as it takes.

        Raises:
            Conflict: the job isn't waiting for a worker.
            InputBeingLaidOut: a large input is still being copied; ask again.
            InputLost: its bytes are gone; the job has failed.
            StorageFull: the private folder can't be made; ask again later.
        """
        lease = lease_s or self._settings.launcher.lease_s
        self._check_room(request.job_id)
        job = self._hold(request, lease)
        if job.task is None:
            raise Conflict(f"Job {job.id} has no task.")
        try:
            inputs, output = self._preparations.of(job, lease, wait_s)
        except InputLost as lost:
            self._jobs.try_take(job.id, _fail(job, lost))
            raise
        except OSError as error:
            raise StorageFull(f"The private folder of job {job.id} can't be made: {error.strerror}.") from error
        return self._claim(job, job.task, lease, inputs, output)

    def _check_room(self, job_id: str) -> None:
        """Take nothing up that a full disk would only waste an attempt on.

        Raises:
            StorageFull: the inputs don't fit; the job says so, and waits.
        """
        _, free = usage(self._settings.gateway_layout.root)
        if free > self._settings.storage.keep_free_bytes:
            return
        job = self._jobs.job(job_id)
        needed = SPACE * sum(source.size for source in inputs_of(job))
        if needed <= free:
            return
        cause = f"The gateway's disk has {free:,} bytes free, and the job needs about {needed:,}. It waits for room."
        if job.stage is Stage.LAUNCHED and not job.overdue:
            self._jobs.try_take(job_id, MarkOverdue(epoch=job.epoch, actor=ACTOR, reason=cause))
        raise StorageFull(cause)

    def topic_of(self, job_id: str) -> str:
        """The pipeline that a job is for; empty where no task takes it.

        Raises:
            NotFound: there is no such job.
        """
        task = self._jobs.job(job_id).task
        return task.pipeline if task else ""

    def _hold(self, request: ClaimRequest, lease_s: float) -> Job:
        step = ClaimJob(epoch=request.epoch, actor=request.worker, worker=request.worker, lease_s=lease_s)
        try:
            job = self._jobs.take(request.job_id, step)
        except Conflict:
            return self._held_already(request)
        CLAIMS.labels(job.task.pipeline if job.task else "").inc()
        return job

    def _held_already(self, request: ClaimRequest) -> Job:
        job = self._jobs.job(request.job_id)
        if job.stage is Stage.PROCESSING and (job.worker, job.epoch) == (request.worker, request.epoch):
            return job
        raise Conflict(f"Job {job.id} isn't waiting for a worker: it is {job.stage}.")

    def _claim(self, job: Job, task: FrozenTask, lease_s: float, inputs: Sequence[Path], output: Path) -> Claim:
        urls = urls_of(self._settings, self._key, fence_of(job))
        return Claim(
            job_id=job.id,
            task_id=task.id,
            task_version=task.version,
            epoch=job.epoch,
            attempt=job.attempt,
            input_path=str(inputs[0]),
            input_sha256=job.source.sha256,
            source_path=job.source.path,
            instrument=job.source.instrument,
            output_folder=str(output),
            parameters=task.parameters,
            attributes=job.source.attributes,
            job_update_url=urls.report,
            status_url=urls.status,
            renew_url=urls.renew,
            lease_s=lease_s,
            deadline_s=longest(job, self._settings.launcher),
            members=_members(job, inputs),
        )


def _members(job: Job, inputs: Sequence[Path]) -> tuple[ClaimedInput, ...]:
    sources = [member.source for member in job.members]
    return tuple(
        ClaimedInput(path=str(path), sha256=each.sha256, source_path=each.path, attributes=each.attributes)
        for each, path in zip(sources, inputs, strict=False)
    )


def _fail(job: Job, lost: InputLost) -> FailJob:
    failure = Failure.of(lost, Owner.TASK_LAUNCHER, retryable=True)
    return FailJob(epoch=job.epoch, actor=ACTOR, attempt=job.attempt, failure=failure)
