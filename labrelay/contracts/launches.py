"""Launch, claim and outcome: how work reaches a pipeline and comes back."""

from labrelay.contracts.attributes import Attributes
from labrelay.contracts.base import Contract
from labrelay.contracts.captures import Digest


class Launch(Contract):
    """The wake-up on the bus that a job is ready; carries a claim check, never pixels."""

    job_id: str
    epoch: int
    pipeline: str
    claim_url: str


class ClaimRequest(Contract):
    """A worker asks for a job."""

    job_id: str
    epoch: int
    worker: str


class ClaimedInput(Contract):
    """One capture of a claimed set: a private read-only copy on the gateway, and where it comes from."""

    path: str
    sha256: Digest
    source_path: str
    attributes: Attributes


class Claim(Contract):
    """A worker's hold on a job: everything that it needs, for one attempt.

    Attributes:
        input_path: a private read-only name for the input on the gateway, with its original file name.
        output_folder: the attempt's private folder; outputs go here and nowhere else.
        job_update_url: PUT the report here first (AiCSD's JobUpdateUrl with the attempt's capability).
        status_url: then POST the final status here (AiCSD's PipelineStatusUrl).
        renew_url: POST here at least every `lease_s` / 3 seconds.
        deadline_s: the longest that the work may take.
        members: of a set all its captures in the task's order, the first is this job's own; else empty.
    """

    job_id: str
    task_id: str
    task_version: int
    epoch: int
    attempt: int
    input_path: str
    input_sha256: Digest
    source_path: str
    instrument: str
    output_folder: str
    parameters: dict[str, str]
    attributes: Attributes
    job_update_url: str
    status_url: str
    renew_url: str
    lease_s: float
    deadline_s: float
    members: tuple[ClaimedInput, ...] = ()
