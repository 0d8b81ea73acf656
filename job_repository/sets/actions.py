"""What a person asks of a job that belongs to a set concerns the whole set."""

from collections.abc import Sequence

from job_repository.jobs.jobs import Jobs
from job_repository.jobs.queries import Queries
from job_repository.sets import words
from job_repository.sets.gathering import Gathering
from job_repository.sets.problems import SetIncomplete, SetLate
from job_repository.sets.rules import gathered, leads, rule_of, set_key, values_of
from labrelay.contracts.jobs import CaptureSet, Job
from labrelay.contracts.states import Stage
from labrelay.errors import NotFound


class NoSet(NotFound):
    """The job's task takes each capture alone."""

    code = "no_set"


class SetActions:
    """Finds the jobs that go together."""

    def __init__(self, jobs: Jobs, queries: Queries, gathering: Gathering) -> None:
        self._jobs = jobs
        self._queries = queries
        self._gathering = gathering

    def ended_with(self, job: Job) -> Job:
        """The job to cancel or retry: a member's is its lead."""
        return self.lead_of(job) or job

    def lead_of(self, job: Job) -> Job | None:
        """The job that works (or worked) for this member's set; the lead itself has none."""
        if job.lead is None:
            return None
        lead = self._jobs.get(job.lead)
        return lead if leads(lead, job) else None

    def retried_with(self, job: Job) -> list[Job]:
        """The jobs that a retry takes along: of a set that never became whole all that waited for it.

        None where the set goes on already, as after a retry of another member.
        """
        if set_key(job) and not job.final:
            return []
        if job.failure is None or job.failure.code != SetIncomplete.code:
            return [self.ended_with(job)]
        return [job, *self._failed(job, (SetIncomplete.code,))]

    def reprocessed_with(self, job: Job) -> list[Job]:
        """The jobs that are processed again with this one: its whole set, and those that came too late for it."""
        lead = self.ended_with(job)
        others = [self._jobs.get(member.job_id) for member in lead.members if member.job_id != lead.id]
        members = [each for each in others if each.lead == lead.id]
        known = {lead.id, *(each.id for each in members)}
        missed = [each for each in self._failed(lead, (SetLate.code, SetIncomplete.code)) if each.id not in known]
        return [lead, *members, *missed]

    def state(self, job: Job) -> CaptureSet:
        """Where the set of a job stands.

        Raises:
            NoSet: its task takes each capture alone.
        """
        if not set_key(job):
            raise NoSet("The job's task takes each file alone, so there is no set.")
        lead = job if job.members else self.lead_of(job)
        if lead is None and job.final:
            return CaptureSet(lead=None, jobs=(), missing=(), left_s=None, words="This file is in no set now.")
        return _closed(lead) if lead else self._open(job)

    def _open(self, job: Job) -> CaptureSet:
        rule, waiting = rule_of(job), self._gathering.waiting(set_key(job))
        jobs = [each.job for each in waiting]
        found = gathered(jobs or [job])
        came = found.chosen if jobs else ()
        missing = found.missing if jobs else rule.expected
        left_s = rule.deadline_s - max((each.age_s for each in waiting), default=0.0)
        told = words.waits(job, rule, missing, len(came), left_s)
        return CaptureSet(lead=None, jobs=tuple(each.id for each in came), missing=missing, left_s=left_s, words=told)

    def _failed(self, job: Job, codes: Sequence[str]) -> list[Job]:
        key = set_key(job)
        if not key:
            return []
        same = self._queries.of_set(key)
        return [each for each in same if _failed_as(each, codes) and each.id != job.id]


def _failed_as(job: Job, codes: Sequence[str]) -> bool:
    return job.stage is Stage.FAILED and job.failure is not None and job.failure.code in codes


def _closed(lead: Job) -> CaptureSet:
    rule, came = rule_of(lead), values_of(lead)
    missing = tuple(value for value in rule.expected if value not in came)
    told = f"One set of {len(lead.members)} files, worked on by the job of {lead.source.path}."
    jobs = tuple(member.job_id for member in lead.members)
    return CaptureSet(lead=lead.id, jobs=jobs, missing=missing, left_s=None, words=told)
