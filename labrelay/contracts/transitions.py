"""The steps that a job can take, as services ask the repository for them (`POST /api/v2/jobs/{id}/transitions`).

Each carries what proves that the asker still holds what it believes to hold: the epoch, from the claim on the attempt.
Repeating a step with the same content gets the first answer; another content for the same attempt is a `Conflict`.
"""

from typing import Annotated, Literal

from pydantic import Field

from labrelay.contracts.base import Contract
from labrelay.contracts.captures import Receipt
from labrelay.contracts.jobs import Failure, PipelineReport, SealedOutput
from labrelay.contracts.launches import Launch
from labrelay.contracts.states import PipelineStatus


class Step(Contract):
    """What all steps share; `actor` names who asked (service, pipeline or person) for the record."""

    epoch: int
    actor: str = ""


class LaunchJob(Step):
    """ready → launched; the launch is added to the pipeline's stream inside the same script."""

    step: Literal["launch"] = "launch"
    launch: Launch | None = None


class ClaimJob(Step):
    """launched → processing; attempt + 1, a lease begins."""

    step: Literal["claim"] = "claim"
    worker: str
    lease_s: float


class ReportJob(Step):
    """processing → reported: the pipeline's PUT."""

    step: Literal["report"] = "report"
    attempt: int
    report: PipelineReport


class FinishJob(Step):
    """reported → sealing (outputs), complete or failed (no outputs): the POST, its status must equal the report's."""

    step: Literal["finish"] = "finish"
    attempt: int
    status: PipelineStatus


class SealJob(Step):
    """sealing → returning, or complete where nothing is to be returned."""

    step: Literal["seal"] = "seal"
    attempt: int
    outputs: tuple[SealedOutput, ...]


class AcceptReturn(Step):
    """returning → receiving: the OEM side has taken the return on."""

    step: Literal["accept_return"] = "accept_return"
    attempt: int


class ReceiveJob(Step):
    """returning, receiving → complete (failed where the pipeline reported a failure): digests equal the sealed ones."""

    step: Literal["receive"] = "receive"
    receipt: Receipt


class FailJob(Step):
    """Any live stage → failed. `attempt` None means whatever attempt holds."""

    step: Literal["fail"] = "fail"
    attempt: int | None = None
    failure: Failure


class RelaunchJob(Step):
    """launched … sealing → ready again: the attempt is taken away from its worker."""

    step: Literal["relaunch"] = "relaunch"
    attempt: int
    reason: str


class MarkOverdue(Step):
    """A deadline passed that fails nothing: the job says what it waits for; an empty reason clears it."""

    step: Literal["overdue"] = "overdue"
    reason: str


class PersonsStep(Step):
    """What a person asks for; `action` is the action on many jobs that it belongs to."""

    reason: str = ""
    action: str = ""


class CancelJob(PersonsStep):
    """Any live stage → cancelled."""

    step: Literal["cancel"] = "cancel"


class RetryJob(PersonsStep):
    """failed, cancelled → the stage before the failure, as it was matched then."""

    step: Literal["retry"] = "retry"


AnyStep = Annotated[
    LaunchJob
    | ClaimJob
    | ReportJob
    | FinishJob
    | SealJob
    | AcceptReturn
    | ReceiveJob
    | FailJob
    | RelaunchJob
    | MarkOverdue
    | CancelJob
    | RetryJob,
    Field(discriminator="step"),
]


class StepRequest(Contract):
    """The body of a transition call."""

    step: AnyStep
