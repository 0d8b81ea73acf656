"""What the sender asks of the repository, and the steps that it passes on."""

import contextlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from labrelay.contracts.captures import OfferedOutput, Receipt, ReturnOffer, ReturnTrouble
from labrelay.contracts.jobs import Failure, Job, OwnedJobs
from labrelay.contracts.states import Owner, Stage
from labrelay.contracts.transitions import AcceptReturn, AnyStep, FailJob, MarkOverdue, ReceiveJob, StepRequest
from labrelay.errors import Conflict, LabrelayError
from labrelay.http import Client
from labrelay.installation import HEADER

ACTOR: Final = "file-sender-gateway"
REMEMBERED: Final = 512
"""Jobs on their way back; each takes some 10 kB."""
ON_THE_WAY_BACK: Final = frozenset({Stage.RETURNING, Stage.RECEIVING})


@dataclass(frozen=True)
class Asker:
    """An instrument that asks for its returns, and which installation of it (empty where it doesn't tell)."""

    instrument: str
    installation: str = ""


class Jobs:
    """The repository's jobs, as far as returns go."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._offered: OrderedDict[str, Job] = OrderedDict()

    def owned(self, owner: Owner, asker: Asker, limit: int) -> OwnedJobs:
        """Jobs of one instrument that an owner must act on now.

        Raises:
            InstrumentTaken: another installation than the asking one holds the instrument's name.
        """
        asked: dict[str, str | int] = {"owner": owner.value, "instrument": asker.instrument, "limit": limit}
        shown = {HEADER: asker.installation} if asker.installation else {}
        answer = self._client.ask(OwnedJobs, "GET", "/api/v2/owned", params=asked, headers=shown)
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
        return self._client.ask(Job, "GET", f"/api/v2/jobs/{job_id}")

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
        job = self._step(receipt.job_id, ReceiveJob(epoch=receipt.epoch, receipt=receipt, actor=ACTOR))
        with self._lock:
            self._offered.pop(job.id, None)
        return job

    def wait_on(self, job_id: str, trouble: ReturnTrouble) -> None:
        """Let a job say why its outputs wait; nothing happens when it has moved on or says so already."""
        job = self.job(job_id)
        holds = (job.epoch, job.attempt) == (trouble.epoch, trouble.attempt) and job.stage in ON_THE_WAY_BACK
        if holds and job.overdue != trouble.cause:
            with contextlib.suppress(Conflict):
                self._step(job_id, MarkOverdue(epoch=job.epoch, reason=trouble.cause, actor=ACTOR))

    def fail(self, job: Job, error: LabrelayError) -> None:
        """Its outputs can't be returned, and waiting can't help; nothing happens when the job has moved on."""
        failure = Failure.of(error, Owner.FILE_SENDER_GATEWAY, retryable=True)
        with contextlib.suppress(Conflict):
            self._step(job.id, FailJob(epoch=job.epoch, attempt=job.attempt, failure=failure, actor=ACTOR))

    def _remember(self, job: Job) -> Job:
        with self._lock:
            self._offered[job.id] = job
            self._offered.move_to_end(job.id)
            while len(self._offered) > REMEMBERED:
                self._offered.popitem(last=False)
        return job

    def _step(self, job_id: str, step: AnyStep) -> Job:
        return self._client.ask(Job, "POST", f"/api/v2/jobs/{job_id}/transitions", StepRequest(step=step))


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
