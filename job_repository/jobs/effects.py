"""What each step changes in a job. Pure; `transitions` decides whether it may."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from job_repository.jobs.conflicts import DigestMismatch, InputGone, NoTask, OtherContent
from job_repository.jobs.steps import EditJob, FinishPlate, LeaveSet, LoseInput, Reprocess, StoreInput, Supersede
from job_repository.plates.identity import is_table
from job_repository.sets.effects import SET_EFFECTS
from labrelay.contracts.aicsd import PIPELINE_ERROR
from labrelay.contracts.captures import Receipt
from labrelay.contracts.jobs import Failure, Job, PipelineReport, SealedOutput
from labrelay.contracts.states import Owner, PipelineStatus, Stage
from labrelay.contracts.tasks import FrozenTask
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

Changes = dict[str, Any]


@dataclass(frozen=True)
class Held:
    """What lies in the gateway's stores of a job: its input's bytes, those of its whole set, all its sealed outputs."""

    input: bool = False
    members: bool = False
    outputs: bool = False


NOTHING_HELD: Final = Held()
_UNWORKED: Final[Changes] = {"report": None, "outputs": (), "worker": ""}
_ALONE: Final[Changes] = {"members": (), "lead": None}


def with_bytes(task: FrozenTask | None) -> Stage:
    """Where a job stands whose bytes have come: a task with a rule for sets lets it wait for the others."""
    return Stage.GATHERING if task is not None and task.group is not None else Stage.READY


def pipeline_failure(report: PipelineReport) -> Failure:
    """The failure of a job whose pipeline reported one."""
    if report.failure is not None:
        owner = Owner.TASK_LAUNCHER if report.failure.owner is Owner.NONE else report.failure.owner
        return report.failure.model_copy(update={"owner": owner})
    return Failure(
        code="pipeline_failed",
        cause=PIPELINE_ERROR,
        next_step="Open the image; if it is good, retry the job.",
        retryable=True,
        owner=Owner.TASK_LAUNCHER,
    )


def returned(job: Job, receipt: Receipt) -> tuple[SealedOutput, ...]:
    """The job's outputs with the places where the receipt says they lie.

    Raises:
        DigestMismatch: the receipt doesn't name every output once with its sealed digest.
    """
    received = {output.index: output for output in receipt.outputs}
    sealed = dict(enumerate(job.outputs))
    complete = len(received) == len(receipt.outputs) and received.keys() == sealed.keys()
    if not complete or any(received[index].sha256 != output.sha256 for index, output in sealed.items()):
        raise DigestMismatch("The receipt's digests aren't those of the sealed outputs.")
    return tuple(out.model_copy(update={"returned_path": received[index].path}) for index, out in sealed.items())


def rewound(job: Job, held: Held, *, keep_failed_report: bool = False) -> Changes:
    """Back to a stage that its owner can act from, by what the gateway still holds."""
    good = job.report is not None and (keep_failed_report or job.report.status is PipelineStatus.COMPLETE)
    there = held.outputs or is_table(job)  # nobody else works on a table: without its bytes it fails and is made again
    if good and job.outputs and there and job.source.returns == "instrument":
        bare = tuple(output.model_copy(update={"returned_path": None}) for output in job.outputs)
        return {"stage": Stage.RETURNING, "outputs": bare, "failure": None, "launches": 0}
    unworked = {**_UNWORKED, "failure": None, "launches": 0}
    if job.members and held.members:
        return {**unworked, "stage": Stage.READY}
    stage = with_bytes(job.task) if held.input else Stage.AWAITING_INPUT
    return {**unworked, **_ALONE, "stage": stage}


def _launch(job: Job, step: LaunchJob, held: Held) -> Changes:
    return {"stage": Stage.LAUNCHED, "launches": job.launches + 1}


def _claim(job: Job, step: ClaimJob, held: Held) -> Changes:
    return {"stage": Stage.PROCESSING, "attempt": job.attempt + 1, "worker": step.worker}


def _report(job: Job, step: ReportJob, held: Held) -> Changes:
    return {"stage": Stage.REPORTED, "report": step.report}


def _finish(job: Job, step: FinishJob, held: Held) -> Changes:
    report = _report_of(job)
    if step.status is not report.status:
        raise OtherContent(f"The pipeline reported {report.status} and now says {step.status}.")
    if report.outputs:
        return {"stage": Stage.SEALING}
    return _ended(report)


def _seal(job: Job, step: SealJob, held: Held) -> Changes:
    report = _report_of(job)
    sealed = {output.sha256 for output in step.outputs}
    if any(output.sha256 and output.sha256 not in sealed for output in report.outputs):
        raise DigestMismatch("An output isn't what the pipeline said that it wrote.")
    if step.outputs and job.source.returns == "instrument":
        return {"stage": Stage.RETURNING, "outputs": step.outputs}
    return {**_ended(report), "outputs": step.outputs}


def _accept_return(job: Job, step: AcceptReturn, held: Held) -> Changes:
    return {"stage": Stage.RECEIVING}


def _receive(job: Job, step: ReceiveJob, held: Held) -> Changes:
    return {**_ended(_report_of(job)), "outputs": returned(job, step.receipt)}


def _fail(job: Job, step: FailJob | LoseInput, held: Held) -> Changes:
    return {"stage": Stage.FAILED, "failure": step.failure}


def _relaunch(job: Job, step: RelaunchJob, held: Held) -> Changes:
    unclaimed = job.stage is Stage.LAUNCHED  # only a launch that a worker took counts against the attempts
    return {**_UNWORKED, "stage": Stage.READY, "launches": job.launches - unclaimed}


def _overdue(job: Job, step: MarkOverdue, held: Held) -> Changes:
    return {"overdue": step.reason}


def _cancel(job: Job, step: CancelJob, held: Held) -> Changes:
    failure = Failure(
        code="cancelled",
        cause=step.reason or "A person cancelled the job.",
        next_step="Retry it if that was a mistake.",
        retryable=True,
        owner=job.owner,
    )
    return {"stage": Stage.CANCELLED, "failure": failure}


def _retry(job: Job, step: RetryJob, held: Held) -> Changes:
    if job.task is None:
        raise NoTask("No task took this capture, so there is nothing to repeat.")
    changes = rewound(job, held)
    if job.stage is Stage.SUPERSEDED and changes["stage"] is Stage.AWAITING_INPUT:
        raise InputGone("The file has changed since; its old content can't come any more.")
    return changes


def _reprocess(job: Job, step: Reprocess, held: Held) -> Changes:
    again = rewound(job.model_copy(update={"task": step.task}), Held(input=held.input))
    if job.superseded_by and again["stage"] is Stage.AWAITING_INPUT:
        raise InputGone("The file has changed since, and the gateway doesn't hold its old content any more.")
    return {**again, "task": step.task}


def _store_input(job: Job, step: StoreInput, held: Held) -> Changes:
    return {"stage": with_bytes(job.task)}


def _leave(job: Job, step: LeaveSet, held: Held) -> Changes:
    return rewound(job, Held(input=held.input))


def _supersede(job: Job, step: Supersede, held: Held) -> Changes:
    link = {"superseded_by": step.by or job.superseded_by}
    if job.stage is not Stage.AWAITING_INPUT:
        return {**link, "overdue": job.overdue}
    failure = Failure(
        code="superseded",
        cause=step.cause or "The file changed before its content was sent.",
        next_step="Look at the file's newer capture.",
        retryable=False,
        owner=Owner.FILE_SENDER_OEM,
    )
    return {**link, "stage": Stage.SUPERSEDED, "failure": failure}


def _edit(job: Job, step: EditJob, held: Held) -> Changes:
    changes: Changes = {"overdue": job.overdue}
    if step.verification is not None:
        changes["verification"] = step.verification
    if step.attributes is not None:
        changes["source"] = job.source.model_copy(update={"attributes": step.attributes})
    return changes


def _plate_finished(job: Job, step: FinishPlate, held: Held) -> Changes:
    counts = step.finished.counts.model_dump(exclude_none=True)
    report = PipelineReport(
        status=PipelineStatus.COMPLETE,
        results=f"Wells, {counts['wells']}",
        measurements={name: float(count) for name, count in counts.items()},
    )
    return {
        "stage": Stage.RETURNING if step.source.returns == "instrument" else Stage.COMPLETE,
        "attempt": step.finished.edition,
        "source": step.source,
        "task": step.task,
        "report": report,
        "outputs": step.outputs,
        "failure": None,
    }


def _ended(report: PipelineReport) -> Changes:
    if report.status is PipelineStatus.COMPLETE:
        return {"stage": Stage.COMPLETE}
    return {"stage": Stage.FAILED, "failure": pipeline_failure(report)}


def _report_of(job: Job) -> PipelineReport:
    if job.report is None:
        raise OtherContent("The job holds no report.")
    return job.report


EFFECTS: Final[dict[str, Callable[[Job, Any, Held], Changes]]] = {
    "launch": _launch,
    "claim": _claim,
    "report": _report,
    "finish": _finish,
    "seal": _seal,
    "accept_return": _accept_return,
    "receive": _receive,
    "fail": _fail,
    "relaunch": _relaunch,
    "overdue": _overdue,
    "cancel": _cancel,
    "retry": _retry,
    "reprocess": _reprocess,
    "input_stored": _store_input,
    "input_lost": _fail,
    "supersede": _supersede,
    "edit": _edit,
    "leave": _leave,
    "plate_finished": _plate_finished,
    **SET_EFFECTS,
}
