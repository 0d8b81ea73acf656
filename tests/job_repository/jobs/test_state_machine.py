"""Random steps, stale ones and repeats too: what must hold of a job whatever comes in which order."""

from typing import Any

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from job_repository.jobs.effects import Held
from job_repository.jobs.steps import EditJob, LoseInput, Reprocess, StoreInput, Supersede, TakenStep
from job_repository.jobs.transitions import LIVE, STARTS_FROM, apply
from labrelay.contracts.captures import Receipt, ReceivedOutput, job_id_for
from labrelay.contracts.jobs import Failure, Job, PipelineReport, ReportedOutput, SealedOutput, Source
from labrelay.contracts.states import FINAL, OWNER_OF, Owner, PipelineStatus, Stage
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
from labrelay.errors import Conflict

CAPTURE = "00000000-0000-4000-8000-000000000001"
TASK = FrozenTask(id="t", version=1, description="d", pipeline="nuclei", carrier="streams", parameters={})
FAILURE = Failure(code="x", cause="x", next_step="x", retryable=True, owner=Owner.TASK_LAUNCHER)
SEALED = (SealedOutput(name="o", size=1, sha256="c" * 64),)
EPOCH = 3
INPUT_HELD = Held(input=True)


def fresh_job(returns: str = "instrument") -> Job:
    source = Source(
        capture_id=CAPTURE, instrument="i", folder="f", path="p", generation=1, size=1, sha256="a" * 64,
        host="h", directory="/d/", returns=returns,
    )  # fmt: skip
    return Job(
        id=job_id_for(CAPTURE, "t"), epoch=EPOCH, revision=1, stage=Stage.AWAITING_INPUT, source=source, task=TASK,
        created_ns=0, updated_ns=0,
    )  # fmt: skip


class AnyOrder(RuleBasedStateMachine):
    """One job, steps as they come."""

    def __init__(self) -> None:
        super().__init__()
        self.job = fresh_job()
        self.seen_attempt = 0

    def take(self, step: TakenStep, held: Held = INPUT_HELD) -> None:
        before = self.job
        stale = self.is_stale(step)
        try:
            after = apply(before, step, 1, held)
        except Conflict:
            return
        assert not stale, "a step of another epoch or attempt went through"
        assert after.attempt >= before.attempt
        if after is not before:
            assert after.revision == before.revision + 1
            assert before.stage in STARTS_FROM[step.step]
            if before.stage in FINAL and after.stage in LIVE:
                assert step.step in ("retry", "reprocess")
            assert apply(after, step, 2, held) is after or step.step in ("relaunch", "launch", "overdue")
        self.job = after

    def is_stale(self, step: TakenStep) -> bool:
        attempt = step.receipt.attempt if isinstance(step, ReceiveJob) else getattr(step, "attempt", None)
        fenced = not isinstance(step, (StoreInput, LoseInput, Supersede, EditJob, Reprocess))
        return fenced and (step.epoch != EPOCH or attempt not in (None, self.job.attempt))

    @rule(epoch=st.sampled_from([EPOCH, EPOCH, EPOCH, EPOCH - 1]))
    def launch(self, epoch: int) -> None:
        self.take(LaunchJob(epoch=epoch))

    @rule(epoch=st.sampled_from([EPOCH, EPOCH, EPOCH - 1]), worker=st.sampled_from(["a", "b"]))
    def claim(self, epoch: int, worker: str) -> None:
        self.take(ClaimJob(epoch=epoch, worker=worker, lease_s=1))

    @rule(back=st.integers(0, 1), failed=st.booleans(), outputs=st.booleans())
    def report(self, back: int, failed: bool, outputs: bool) -> None:
        status = PipelineStatus.FAILED if failed else PipelineStatus.COMPLETE
        files = (ReportedOutput(directory="/o", name="o"),) if outputs else ()
        report = PipelineReport(status=status, outputs=files)
        self.take(ReportJob(epoch=EPOCH, attempt=self.job.attempt - back, report=report))

    @rule(back=st.integers(0, 1), failed=st.booleans())
    def finish(self, back: int, failed: bool) -> None:
        status = PipelineStatus.FAILED if failed else PipelineStatus.COMPLETE
        self.take(FinishJob(epoch=EPOCH, attempt=self.job.attempt - back, status=status))

    @rule(back=st.integers(0, 1))
    def seal(self, back: int) -> None:
        self.take(SealJob(epoch=EPOCH, attempt=self.job.attempt - back, outputs=SEALED))

    @rule(back=st.integers(0, 1))
    def accept(self, back: int) -> None:
        self.take(AcceptReturn(epoch=EPOCH, attempt=self.job.attempt - back))

    @rule(back=st.integers(0, 1), digest=st.sampled_from(["c" * 64, "d" * 64]))
    def receive(self, back: int, digest: str) -> None:
        outputs = (ReceivedOutput(index=0, path="r", sha256=digest),)
        receipt = Receipt(job_id=self.job.id, epoch=EPOCH, attempt=self.job.attempt - back, outputs=outputs)
        self.take(ReceiveJob(epoch=EPOCH, receipt=receipt))

    @rule(back=st.integers(0, 1))
    def relaunch(self, back: int) -> None:
        self.take(RelaunchJob(epoch=EPOCH, attempt=self.job.attempt - back, reason="r"))

    @rule(step=st.sampled_from([
        StoreInput(), LoseInput(failure=FAILURE), Supersede(by=CAPTURE), Supersede(), EditJob(verification=1),
        Reprocess(task=TASK), FailJob(epoch=EPOCH, failure=FAILURE), CancelJob(epoch=EPOCH), RetryJob(epoch=EPOCH),
        MarkOverdue(epoch=EPOCH, reason="late"), RetryJob(epoch=EPOCH - 1),
    ]), held=st.sampled_from([Held(), Held(input=True), Held(input=True, outputs=True)]))  # fmt: skip
    def others(self, step: Any, held: Held) -> None:
        self.take(step, held)

    @invariant()
    def the_attempt_never_falls(self) -> None:
        assert self.job.attempt >= self.seen_attempt
        self.seen_attempt = self.job.attempt

    @invariant()
    def it_has_one_owner(self) -> None:
        assert self.job.owner is OWNER_OF[self.job.stage]

    @invariant()
    def complete_means_a_good_report_and_returned_outputs(self) -> None:
        if self.job.stage is Stage.COMPLETE:
            assert self.job.report is not None
            assert self.job.report.status is PipelineStatus.COMPLETE
            assert all(output.returned_path for output in self.job.outputs)

    @invariant()
    def what_is_worked_on_again_holds_nothing_of_the_last_attempt(self) -> None:
        if self.job.stage in (Stage.READY, Stage.LAUNCHED, Stage.PROCESSING):
            assert (self.job.report, self.job.outputs) == (None, ())

    @invariant()
    def it_reads_back_as_it_was_written(self) -> None:
        assert Job.model_validate_json(self.job.model_dump_json()) == self.job


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = hypothesis_settings(max_examples=150, stateful_step_count=40, deadline=None, database=None)


def test_every_step_has_a_start() -> None:
    assert all(STARTS_FROM.values())
    assert frozenset(Stage) - FINAL == LIVE
