"""The live job: the processing of one capture by one task."""

from typing import Final

from pydantic import FiniteFloat

from labrelay.contracts.attributes import Attributes
from labrelay.contracts.base import Contract
from labrelay.contracts.captures import CaptureId, Digest
from labrelay.contracts.states import FINAL, OWNER_OF, Owner, PipelineStatus, Stage, Status
from labrelay.contracts.tasks import FrozenTask
from labrelay.errors import LabrelayError

MOST_TEXT: Final = 65_536
"""Characters of a pipeline's results or QC flags."""


class Failure(Contract):
    """Why a job failed: a stable code, plain words, a next step, and whether a retry can help."""

    code: str
    cause: str
    next_step: str
    retryable: bool
    owner: Owner = Owner.NONE

    @classmethod
    def of(cls, error: LabrelayError, owner: Owner, *, retryable: bool | None = None) -> "Failure":
        """The failure that an error means for a job that `owner` had.

        Args:
            error: what happened.
            owner: whose step failed.
            retryable: whether a retry of the job can help, where that isn't the same as repeating the call.
        """
        can_help = error.retryable if retryable is None else retryable
        return cls(code=error.code, cause=error.cause, next_step=error.next_step, retryable=can_help, owner=owner)


class Source(Contract):
    """The capture that a job works on, as announced."""

    capture_id: CaptureId
    instrument: str
    folder: str
    path: str
    generation: int
    size: int
    sha256: Digest
    host: str
    directory: str
    attributes: Attributes = {}
    returns: str = "instrument"


class SetMember(Contract):
    """One capture of a set, with the job that it has of its own."""

    job_id: str
    source: Source


class ReportedOutput(Contract):
    """An output as the pipeline named it; sha256 only from native pipelines."""

    directory: str
    name: str
    sha256: Digest | None = None


class SealedOutput(Contract):
    """An output in the gateway's store; `returned_path` is where it lies on the instrument's side."""

    name: str
    size: int
    sha256: Digest
    returned_path: str | None = None


class PipelineReport(Contract):
    """What the pipeline PUT before it posted its final status."""

    status: PipelineStatus
    qc_flags: str = ""
    results: str = ""
    outputs: tuple[ReportedOutput, ...] = ()
    measurements: dict[str, FiniteFloat] = {}
    failure: Failure | None = None


class Job(Contract):
    """One job. `revision` grows with every transition; (epoch, attempt) is the fence that old workers fail at.

    Attributes:
        attempt: number of the newest claim in this epoch's line; 0 before the first.
        launches: how often it was put on the bus since the last retry.
        members: of a lead, the set that it works for, itself included, in the order in which the pipeline gets them.
        lead: of another member, the job that works for its set.
        overdue: set while a deadline that doesn't fail the job has passed; says what is waited for.
        updated_ns: wall clock of the gateway, display only.
    """

    id: str
    epoch: int
    revision: int
    stage: Stage
    source: Source
    task: FrozenTask | None
    attempt: int = 0
    launches: int = 0
    worker: str = ""
    report: PipelineReport | None = None
    outputs: tuple[SealedOutput, ...] = ()
    failure: Failure | None = None
    members: tuple[SetMember, ...] = ()
    lead: str | None = None
    overdue: str = ""
    superseded_by: str | None = None
    created_ns: int
    updated_ns: int
    verification: int = 0

    @property
    def owner(self) -> Owner:
        """The service that must act now."""
        return OWNER_OF[self.stage]

    @property
    def final(self) -> bool:
        """Nobody needs to act any more."""
        return self.stage in FINAL

    @property
    def status(self) -> Status:
        """AiCSD's status of this job."""
        if self.stage is Stage.FAILED and self.failure is not None:
            return _FAILED_STATUS.get(self.failure.owner, Status.PIPELINE_ERROR)
        return _STATUS.get(self.stage, Status.INCOMPLETE)


_STATUS = {
    Stage.COMPLETE: Status.COMPLETE,
    Stage.UNMATCHED: Status.NO_PIPELINE_FOUND,
    Stage.CANCELLED: Status.TRANSMISSION_FAILED,
    Stage.SUPERSEDED: Status.TRANSMISSION_FAILED,
    Stage.FAILED: Status.PIPELINE_ERROR,
}

_FAILED_STATUS = {
    Owner.FILE_SENDER_OEM: Status.TRANSMISSION_FAILED,
    Owner.FILE_RECEIVER_GATEWAY: Status.TRANSMISSION_FAILED,
    Owner.FILE_SENDER_GATEWAY: Status.FILE_ERRORED,
    Owner.FILE_RECEIVER_OEM: Status.FILE_ERRORED,
}


class CaptureSet(Contract):
    """Where the set of a job stands. Answer of `GET /api/v2/jobs/{id}/set`.

    Attributes:
        lead: the job that works for the set; None while the set isn't whole.
        jobs: the jobs of the set so far, in order.
        missing: values of the rule's `over` that haven't come.
        left_s: seconds until the deadline; None where nothing is waited for.
        words: the same for people.
    """

    lead: str | None
    jobs: tuple[str, ...]
    missing: tuple[str, ...]
    left_s: float | None
    words: str


class OwnedJob(Contract):
    """A job as its owner gets it, with times on the repository's monotonic clock.

    Attributes:
        age_s: seconds since it entered its stage (anew after a restart of the repository).
        lease_left_s: seconds until the claim's lease ends; None without a claim.
        claim_age_s: seconds since the claim; None without a claim.
    """

    job: Job
    age_s: float
    lease_left_s: float | None = None
    claim_age_s: float | None = None


class OwnerNews(Contract):
    """Whose lists have changed for an owner. Answer of `GET /api/v2/owned/news`.

    Attributes:
        since: goes into the next question.
        instruments: None: any of them may have changed.
    """

    since: int
    instruments: tuple[str, ...] | None


class OwnedJobs(Contract):
    """Answer of `GET /api/v2/owned`: `seq` goes into the next long poll's `since`."""

    epoch: int
    seq: int
    jobs: tuple[OwnedJob, ...]
