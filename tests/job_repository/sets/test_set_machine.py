"""Random steps on the jobs of one set: whatever comes in which order, a set is worked on once, and nobody is left."""

from typing import Any

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from job_repository.jobs.effects import Held
from job_repository.jobs.steps import LoseInput, Reprocess, StoreInput, Supersede, TakenStep
from job_repository.jobs.transitions import apply
from job_repository.sets.rules import followers, leads, plan
from labrelay.contracts.captures import job_id_for
from labrelay.contracts.jobs import Failure, Job, OwnedJob, PipelineReport, Source
from labrelay.contracts.states import Owner, PipelineStatus, Stage
from labrelay.contracts.tasks import FrozenTask, GroupRule
from labrelay.contracts.transitions import (
    CancelJob,
    ClaimJob,
    FailJob,
    FinishJob,
    LaunchJob,
    RelaunchJob,
    ReportJob,
    RetryJob,
)
from labrelay.errors import Conflict

EPOCH = 3
FAILURE = Failure(code="x", cause="x", next_step="x", retryable=True, owner=Owner.TASK_LAUNCHER)
CHANNELS = (1, 2, 3, 3)
"""The third channel was rewritten once."""
MEMBERS = st.integers(0, len(CHANNELS) - 1)


def task(incomplete: Any = "fail", version: int = 1) -> FrozenTask:
    rule = GroupRule(by=("well",), expect=(1, 2, 3), deadline_s=10, incomplete=incomplete)
    return FrozenTask(
        id="t", version=version, description="d", pipeline="p", carrier="streams", parameters={}, group=rule
    )


def job_of(number: int, channel: int, of: FrozenTask) -> Job:
    capture = f"00000000-0000-4000-8000-00000000000{number}"
    source = Source(
        capture_id=capture, instrument="i", folder="f", path=f"w{channel}", generation=number + 1, size=1,
        sha256=str(number) * 64, host="h", directory="/d/", attributes={"channel": channel}, returns="none",
    )  # fmt: skip
    return Job(
        id=job_id_for(capture, "t"), epoch=EPOCH, revision=1, stage=Stage.AWAITING_INPUT, source=source, task=of,
        created_ns=number, updated_ns=0,
    )  # fmt: skip


class AnySet(RuleBasedStateMachine):
    """The jobs of one set; steps are taken together or not at all, as `job_repository.jobs.jobs` takes them."""

    incomplete = "fail"

    def __init__(self) -> None:
        super().__init__()
        made = [job_of(number, channel, task(self.incomplete)) for number, channel in enumerate(CHANNELS)]
        self.jobs = {job.id: job for job in made}
        self.ids = list(self.jobs)

    def take(self, *asked: tuple[str, TakenStep], bytes_held: bool = True) -> None:
        after: dict[str, Job] = {}
        try:
            for job_id, step in asked:
                self.apply(after, job_id, step, bytes_held)
        except Conflict:
            return
        self.jobs |= after

    def apply(self, after: dict[str, Job], job_id: str, step: TakenStep, bytes_held: bool) -> None:
        before = self.jobs[job_id]
        held = Held(input=bytes_held, members=bytes_held)
        after[job_id] = apply(before, step, 1, held)
        if not isinstance(step, Reprocess):
            for member, following in followers(before, after[job_id]):
                after[member] = apply(self.jobs[member], following, 1, held)

    @rule(number=MEMBERS)
    def bytes_come(self, number: int) -> None:
        self.take((self.ids[number], StoreInput()))

    @rule(number=MEMBERS, step=st.sampled_from([LoseInput(failure=FAILURE), Supersede(), Supersede(by="n" * 36)]))
    def something_happens_to_a_file(self, number: int, step: TakenStep) -> None:
        self.take((self.ids[number], step))

    @rule(age_s=st.sampled_from([0, 5, 20]))
    def look(self, age_s: float) -> None:
        waiting = [OwnedJob(job=job, age_s=age_s) for job in self.jobs.values() if job.stage is Stage.GATHERING]
        if waiting:
            asked = plan(waiting, lambda: next((job for job in self.jobs.values() if job.members), None))
            self.take(*asked)

    @rule(number=MEMBERS, what=st.sampled_from(["launch", "claim", "report", "finish", "relaunch"]))
    def work(self, number: int, what: str) -> None:
        job = self.jobs[self.ids[number]]
        said = PipelineReport(status=PipelineStatus.COMPLETE)
        steps: dict[str, TakenStep] = {
            "launch": LaunchJob(epoch=EPOCH),
            "claim": ClaimJob(epoch=EPOCH, worker="w", lease_s=1),
            "report": ReportJob(epoch=EPOCH, attempt=job.attempt, report=said),
            "finish": FinishJob(epoch=EPOCH, attempt=job.attempt, status=PipelineStatus.COMPLETE),
            "relaunch": RelaunchJob(epoch=EPOCH, attempt=job.attempt, reason="r"),
        }
        self.take((job.id, steps[what]))

    @rule(number=MEMBERS, cancels=st.booleans())
    def end(self, number: int, cancels: bool) -> None:
        step = CancelJob(epoch=EPOCH) if cancels else FailJob(epoch=EPOCH, failure=FAILURE)
        self.take((self.ids[number], step))

    @rule(number=MEMBERS, bytes_held=st.booleans())
    def retry(self, number: int, bytes_held: bool) -> None:
        lead = self.lead_of(self.jobs[self.ids[number]])  # a member by itself is refused
        self.take((lead.id, RetryJob(epoch=EPOCH)), bytes_held=bytes_held)

    @rule(number=MEMBERS)
    def reprocess_its_set(self, number: int) -> None:
        lead = self.lead_of(self.jobs[self.ids[number]])
        together = {lead.id, *(each.job_id for each in lead.members if self.jobs[each.job_id].lead == lead.id)}
        again = Reprocess(task=task(self.incomplete, version=2))
        self.take(*[(each, again) for each in together])

    def lead_of(self, job: Job) -> Job:
        lead = self.jobs[job.lead] if job.lead else None
        return lead if lead and leads(lead, job) else job

    @invariant()
    def a_joined_job_has_a_live_lead_that_works_for_it(self) -> None:
        for job in self.jobs.values():
            if job.stage is Stage.JOINED:
                lead = self.jobs[job.lead or ""]
                assert leads(lead, job)
                assert not lead.final

    @invariant()
    def the_members_of_a_job_at_work_have_joined_it(self) -> None:
        for lead in self.jobs.values():
            others = [self.jobs[member.job_id] for member in lead.members if member.job_id != lead.id]
            assert lead.final or all((job.stage, job.lead) == (Stage.JOINED, lead.id) for job in others)

    @invariant()
    def what_is_worked_on_alone_belongs_to_no_set(self) -> None:
        for job in self.jobs.values():
            if job.stage in (Stage.READY, Stage.LAUNCHED, Stage.PROCESSING, Stage.REPORTED):
                assert job.members
                assert job.lead is None

    @invariant()
    def a_set_that_is_worked_on_holds_each_channel_once(self) -> None:
        for job in self.jobs.values():
            channels = [member.source.attributes["channel"] for member in job.members]
            assert len(set(channels)) == len(channels)

    @invariant()
    def members_end_as_their_lead(self) -> None:
        for job in self.jobs.values():
            lead = self.lead_of(job)
            if lead is not job and lead.final:
                assert job.stage is lead.stage


class AnySetThatRuns(AnySet):
    """The same, where a set runs with what has come by its deadline."""

    incomplete = "run"


TestAnySet = AnySet.TestCase
TestAnySet.settings = hypothesis_settings(max_examples=120, stateful_step_count=40, deadline=None, database=None)
TestAnySetThatRuns = AnySetThatRuns.TestCase
TestAnySetThatRuns.settings = TestAnySet.settings
