"""Sets of captures: which jobs belong together, when their set is whole, what its deadline asks for. Pure."""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from job_repository.jobs.steps import FollowLead, GatherSet, GiveWay, JoinSet, LeaveSet, RejoinSet, SetStep
from job_repository.sets import words
from labrelay.contracts.attributes import AttributeValue, wire_texts
from labrelay.contracts.jobs import Failure, Job, OwnedJob, SetMember
from labrelay.contracts.states import Stage
from labrelay.contracts.tasks import GroupRule
from labrelay.contracts.transitions import FailJob

ACTOR: Final = "job-repository"
Asked = list[tuple[str, SetStep | FailJob]]


def set_key(job: Job) -> str:
    """What all jobs of one set share, as a digest; empty for a job whose task waits for no set."""
    task, source = job.task, job.source
    if task is None or task.group is None:
        return ""
    texts = wire_texts(source.attributes)
    shared = [texts.get(name) for name in task.group.by]
    told = json.dumps([task.id, task.version, source.instrument, source.folder, shared])
    return hashlib.sha256(told.encode()).hexdigest()


def rule_of(job: Job) -> GroupRule:
    """The rule of a job that has one."""
    assert job.task is not None and job.task.group is not None  # noqa: S101, PT018 - callers ask only for such jobs
    return job.task.group


def value_of(job: Job) -> str | None:
    """What tells this job from the others of its set, as a text."""
    return wire_texts(job.source.attributes).get(rule_of(job).over)


@dataclass(frozen=True)
class Gathered:
    """The jobs that wait for one set.

    Attributes:
        rule: their task's.
        chosen: one for each value, in the order in which the pipeline gets them.
        older: jobs whose value another one has too, with that one, which counts.
        strangers: jobs without a value that the rule asks for.
    """

    rule: GroupRule
    chosen: tuple[Job, ...]
    older: tuple[tuple[Job, Job], ...]
    strangers: tuple[Job, ...]

    @property
    def values(self) -> frozenset[str]:
        """What has come."""
        return frozenset(value_of(job) or "" for job in self.chosen)

    @property
    def missing(self) -> tuple[str, ...]:
        """Expected values that haven't come; empty when only a number is expected."""
        return tuple(value for value in self.rule.expected if value not in self.values)

    @property
    def whole(self) -> bool:
        """Whether the pipeline can have it."""
        if isinstance(self.rule.expect, int):
            return len(self.chosen) >= self.rule.expect
        return not self.missing


def gathered(jobs: Iterable[Job]) -> Gathered:
    """Sort out the jobs that wait for one set; at least one."""
    every = sorted(jobs, key=lambda job: (value_of(job) or "", _newness(job)))
    rule = rule_of(every[0])
    fitting = [job for job in every if _fits(job, rule)]
    chosen: list[Job] = []
    older: list[tuple[Job, Job]] = []
    for _, same in groupby(fitting, key=value_of):
        *others, newest = same
        chosen.append(newest)
        older += [(each, newest) for each in others]
    return Gathered(
        rule=rule,
        chosen=tuple(sorted(chosen, key=lambda job: _place(job, rule))),
        older=tuple(older),
        strangers=tuple(job for job in every if not _fits(job, rule)),
    )


def plan(waiting: Sequence[OwnedJob], earlier: Callable[[], Job | None]) -> Asked:
    """The steps that are due for the jobs that wait for one set; none while it may wait on.

    Args:
        waiting: these jobs with their times; at least one.
        earlier: finds the job that worked for an earlier set of the same place, if there is one.
    """
    found = gathered(each.job for each in waiting)
    strangers: Asked = [(job.id, _fail(job, words.unexpected(job, found.rule))) for job in found.strangers]
    if found.whole:
        return [*strangers, *_closed(found)]
    if not found.chosen or max(each.age_s for each in waiting) < found.rule.deadline_s:
        return strangers
    return [*strangers, *_overdue(found, earlier())]


def _overdue(found: Gathered, earlier: Job | None) -> Asked:
    if earlier is not None and found.values.isdisjoint(values_of(earlier)):
        return [(job.id, _fail(job, words.late(job, found.rule, earlier))) for job in found.chosen] + _older(found)
    if found.rule.incomplete == "run":
        return _closed(found)
    failure = words.incomplete(found.chosen[0], found.rule, found.missing, len(found.chosen))
    return [(job.id, _fail(job, failure)) for job in found.chosen] + _older(found)


def _closed(found: Gathered) -> Asked:
    """The first works for all."""
    lead, *others = found.chosen
    members = tuple(SetMember(job_id=job.id, source=job.source) for job in found.chosen)
    joins: Asked = [(job.id, JoinSet(lead=lead.id, actor=ACTOR)) for job in others]
    return [*_older(found), *joins, (lead.id, GatherSet(members=members, actor=ACTOR))]


def _older(found: Gathered) -> Asked:
    return [
        (old.id, GiveWay(by=new.source.capture_id, cause=words.replaced(new, found.rule), actor=ACTOR))
        for old, new in found.older
    ]


def followers(before: Job, after: Job) -> list[tuple[str, SetStep]]:
    """What a step of a lead brings with it for the other members: they end with it, and come back with it."""
    if before.final is after.final:
        return []
    others = [member.job_id for member in before.members if member.job_id != before.id]
    return [(job_id, _following(after)) for job_id in others]


def _following(lead: Job) -> SetStep:
    if lead.final:
        return follow(lead)
    if lead.members:
        return RejoinSet(lead=lead.id, actor=ACTOR)
    return LeaveSet(lead=lead.id, actor=ACTOR)


def follow(lead: Job) -> FollowLead:
    """The step that ends a member as its lead ended."""
    if lead.stage is Stage.COMPLETE:
        results = f"In the set of {lead.source.path}"
        return FollowLead(lead=lead.id, to=lead.stage, results=results, actor=ACTOR)
    return FollowLead(lead=lead.id, to=lead.stage, failure=words.failed_with(lead), actor=ACTOR)


def leads(lead: Job | None, member: Job) -> bool:
    """Whether a lead works (or worked) for a set that holds this member."""
    return lead is not None and any(each.job_id == member.id for each in lead.members)


def values_of(lead: Job) -> frozenset[str]:
    """The values in a set that was closed."""
    over = rule_of(lead).over
    return frozenset(wire_texts(member.source.attributes).get(over, "") for member in lead.members)


def _fits(job: Job, rule: GroupRule) -> bool:
    value = value_of(job)
    return value is not None and (not rule.expected or value in rule.expected)


def _newness(job: Job) -> tuple[bool, int, int]:
    """A file's older contents are linked to newer ones; of different files the later announced counts."""
    return job.superseded_by is None, job.created_ns, job.source.generation


def _place(job: Job, rule: GroupRule) -> tuple[int, bool, float, str, str]:
    value = job.source.attributes[rule.over]
    text = value_of(job) or ""
    place = rule.expected.index(text) if rule.expected else 0
    return place, not _is_number(value), float(value) if _is_number(value) else 0.0, text, job.source.path


def _is_number(value: AttributeValue) -> bool:
    return isinstance(value, (int, float))


def _fail(job: Job, failure: Failure) -> FailJob:
    return FailJob(epoch=job.epoch, actor=ACTOR, failure=failure)
