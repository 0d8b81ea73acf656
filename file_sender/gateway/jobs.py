"""What the sender asks of the repository, and the steps that it passes on."""

import contextlib
from typing import Any, Final

from labrelay.contracts.captures import OfferedOutput, Receipt, ReturnOffer, ReturnTrouble
from labrelay.contracts.jobs import Failure, Job, OwnedJobs
from labrelay.contracts.states import Owner, Stage
from labrelay.contracts.transitions import AcceptReturn, AnyStep, FailJob, MarkOverdue, ReceiveJob, StepRequest
from labrelay.errors import Conflict, LabrelayError
from labrelay.http import Client

ACTOR: Final = "file-sender-gateway"
REMEMBERED: Final = 4096
ON_THE_WAY_BACK: Final = frozenset({Stage.RETURNING, Stage.RECEIVING})


class Jobs:
    """The repository's jobs, as far as returns go."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._offered: dict[str, Job] = {}

    def owned(self, owner: Owner, instrument: str, *, since: int, limit: int, wait: float) -> OwnedJobs:
        """Jobs of one instrument that an owner must act on, waited for when nothing changed after `since`."""
        asked: dict[str, Any] = {"owner": owner.value, "instrument": instrument}
        asked |= {"since": since, "limit": limit, "wait": wait}
        answer = OwnedJobs.model_validate(self._client.get("/api/v2/owned", params=asked))
        for each in answer.jobs:
            self._remember(each.job)
        return answer

    def offered(self, job_id: str) -> Job:
        """A job as it was last offered: its instrument never changes, nor do the outputs of an attempt.

        Raises:
            NotFound: there is none.
        """
        return self._offered.get(job_id) or self._remember(self.job(job_id))

    def job(self, job_id: str) -> Job:
        """One job as it is now, live or recorded.

        Raises:
            NotFound: there is none.
        """
        return Job.model_validate(self._client.get(f"/api/v2/jobs/{job_id}"))

    def accept(self, job_id: str, epoch: int, attempt: int) -> Job:
        """The instrument has taken a return on.

        Raises:
            Conflict: the job has moved on.
        """
        return self._step(job_id, AcceptReturn(epoch=epoch, attempt=attempt, actor=ACTOR))

    def receive(self, receipt: Receipt) -> Job:
        """The instrument proves that all outputs arrived.

        Raises:
            Conflict: another epoch or attempt holds, or a digest is not the sealed one.
        """
        return self._step(receipt.job_id, ReceiveJob(epoch=receipt.epoch, receipt=receipt, actor=ACTOR))

    def wait_on(self, job_id: str, trouble: ReturnTrouble) -> None:
        """Let a job say why its outputs wait; nothing happens when it has moved on or says so already."""
        job = self.job(job_id)
        holds = (job.epoch, job.attempt) == (trouble.epoch, trouble.attempt) and job.stage in ON_THE_WAY_BACK
        if holds and job.overdue != trouble.cause:
            with contextlib.suppress(Conflict):
                self._step(job_id, MarkOverdue(epoch=job.epoch, reason=trouble.cause, actor=ACTOR))

    def fail(self, job: Job, error: LabrelayError) -> None:
        """Its outputs can't be returned, and waiting can't help; nothing happens when the job has moved on."""
        failure = Failure(
            code=error.code,
            cause=error.cause,
            next_step=error.next_step,
            retryable=True,
            owner=Owner.FILE_SENDER_GATEWAY,
        )
        with contextlib.suppress(Conflict):
            self._step(job.id, FailJob(epoch=job.epoch, attempt=job.attempt, failure=failure, actor=ACTOR))

    def _remember(self, job: Job) -> Job:
        if len(self._offered) >= REMEMBERED:
            self._offered.clear()
        self._offered[job.id] = job
        return job

    def _step(self, job_id: str, step: AnyStep) -> Job:
        body = StepRequest(step=step).model_dump(mode="json")
        return Job.model_validate(self._client.post(f"/api/v2/jobs/{job_id}/transitions", body))


def offer_of(job: Job) -> ReturnOffer:
    """The offer of a job whose outputs are sealed."""
    return ReturnOffer(
        job_id=job.id,
        epoch=job.epoch,
        attempt=job.attempt,
        capture_id=job.source.capture_id,
        folder=job.source.folder,
        source_path=job.source.path,
        generation=job.source.generation,
        outputs=tuple(
            OfferedOutput(index=index, name=output.name, size=output.size, sha256=output.sha256)
            for index, output in enumerate(job.outputs)
        ),
    )
