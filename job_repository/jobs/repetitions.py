"""Was a step carried out already, with the same content? Then it gets the first answer again."""

from collections.abc import Callable
from typing import Any, Final

from job_repository.jobs.conflicts import OtherContent
from job_repository.jobs.effects import pipeline_failure, returned
from job_repository.jobs.steps import (
    EditJob,
    FinishPlate,
    FollowLead,
    GatherSet,
    GiveWay,
    JoinSet,
    LeaveSet,
    LoseInput,
    RejoinSet,
    Reprocess,
    StoreInput,
    Supersede,
    TakenStep,
)
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from labrelay.contracts.transitions import (
    AcceptReturn,
    CancelJob,
    ClaimJob,
    FailJob,
    FinishJob,
    LaunchJob,
    MarkOverdue,
    ReceiveJob,
    RelaunchJob,
    ReportJob,
    RetryJob,
    SealJob,
)

_AFTER_FINISH: Final = frozenset({Stage.SEALING, Stage.RETURNING, Stage.RECEIVING, Stage.COMPLETE})
_RESTING: Final = frozenset({Stage.AWAITING_INPUT, Stage.GATHERING, Stage.READY, Stage.RETURNING})


def already(job: Job, step: TakenStep) -> bool:
    """Whether the step was carried out on this job with the same content.

    Raises:
        OtherContent: it was carried out for this attempt, but with other content.
    """
    return bool(_CHECKS[step.step](job, step))


def _launched(job: Job, step: LaunchJob) -> bool:
    return job.stage is Stage.LAUNCHED


def _claimed(job: Job, step: ClaimJob) -> bool:
    return job.stage is Stage.PROCESSING and job.worker == step.worker


def _reported(job: Job, step: ReportJob) -> bool:
    if job.report is None:
        return False
    if job.report != step.report:
        raise OtherContent("Another report was accepted for this attempt.")
    return True


def _finished(job: Job, step: FinishJob) -> bool:
    if job.report is None or job.stage is Stage.REPORTED:
        return False
    failed_by_report = job.stage is Stage.FAILED and job.failure == pipeline_failure(job.report)
    if job.stage not in _AFTER_FINISH and not failed_by_report:
        return False
    if step.status is not job.report.status:
        raise OtherContent(f"This attempt was finished as {job.report.status}.")
    return True


def _sealed(job: Job, step: SealJob) -> bool:
    if not job.outputs or job.stage is Stage.SEALING:
        return False
    bare = tuple(output.model_copy(update={"returned_path": None}) for output in job.outputs)
    if bare != step.outputs:
        raise OtherContent("Other outputs were sealed for this attempt.")
    return True


def _accepted(job: Job, step: AcceptReturn) -> bool:
    return job.stage in (Stage.RECEIVING, Stage.COMPLETE)


def _received(job: Job, step: ReceiveJob) -> bool:
    if not job.final or not any(output.returned_path for output in job.outputs):
        return False
    if returned(job, step.receipt) != job.outputs:
        raise OtherContent("Another receipt was accepted for this attempt.")
    return True


def _failed(job: Job, step: FailJob) -> bool:
    return job.stage is Stage.FAILED and job.failure == step.failure


def _relaunched(job: Job, step: RelaunchJob) -> bool:
    return job.stage is Stage.READY


def _overdue(job: Job, step: MarkOverdue) -> bool:
    return not job.final and job.overdue == step.reason


def _cancelled(job: Job, step: CancelJob) -> bool:
    return job.stage is Stage.CANCELLED


def _retried(job: Job, step: RetryJob) -> bool:
    return job.stage in _RESTING


def _stored(job: Job, step: StoreInput) -> bool:
    return job.stage is not Stage.AWAITING_INPUT


def _lost(job: Job, step: LoseInput) -> bool:
    return job.stage is not Stage.AWAITING_INPUT


def _superseded(job: Job, step: Supersede) -> bool:
    return job.stage is not Stage.AWAITING_INPUT and step.by in (None, job.superseded_by)


def _edited(job: Job, step: EditJob) -> bool:
    same_attributes = step.attributes in (None, job.source.attributes)
    return step.verification in (None, job.verification) and same_attributes


def _reprocessed(job: Job, step: Reprocess) -> bool:
    return job.stage in _RESTING and job.task == step.task


def _gathered(job: Job, step: GatherSet) -> bool:
    return job.stage is Stage.READY and job.members == step.members


def _joined(job: Job, step: JoinSet) -> bool:
    return job.stage is Stage.JOINED and job.lead == step.lead


def _gave_way(job: Job, step: GiveWay) -> bool:
    return job.stage is Stage.SUPERSEDED and job.superseded_by == step.by


def _followed(job: Job, step: FollowLead) -> bool:
    """A member that has gone its own way by now follows this lead no more."""
    return job.lead != step.lead or job.stage is not Stage.JOINED


def _rejoined(job: Job, step: RejoinSet) -> bool:
    return job.lead != step.lead or not job.final


def _left(job: Job, step: LeaveSet) -> bool:
    return job.lead != step.lead


def _plate_finished(job: Job, step: FinishPlate) -> bool:
    return job.attempt >= step.finished.edition


_CHECKS: Final[dict[str, Callable[[Job, Any], bool]]] = {
    "launch": _launched,
    "claim": _claimed,
    "report": _reported,
    "finish": _finished,
    "seal": _sealed,
    "accept_return": _accepted,
    "receive": _received,
    "fail": _failed,
    "relaunch": _relaunched,
    "overdue": _overdue,
    "cancel": _cancelled,
    "retry": _retried,
    "input_stored": _stored,
    "input_lost": _lost,
    "supersede": _superseded,
    "edit": _edited,
    "reprocess": _reprocessed,
    "gather": _gathered,
    "join": _joined,
    "give_way": _gave_way,
    "follow": _followed,
    "rejoin": _rejoined,
    "leave": _left,
    "plate_finished": _plate_finished,
}
