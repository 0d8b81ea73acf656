"""What a person asks of one job: retry, cancel, reprocess. A member of a set acts for its set."""

from collections.abc import Sequence
from dataclasses import dataclass

from job_repository.captures.arrivals import Captures
from job_repository.jobs.conflicts import NoTask
from job_repository.jobs.jobs import Jobs
from job_repository.jobs.steps import Reprocess, TakenStep
from job_repository.live.restore import Restorer
from job_repository.live.store import LiveStore
from job_repository.plates.finishing import Plates
from job_repository.plates.identity import is_table
from job_repository.sets.actions import SetActions
from labrelay.contracts.actions import ActionKind
from labrelay.contracts.jobs import Job
from labrelay.contracts.tasks import FrozenTask
from labrelay.contracts.transitions import CancelJob, RetryJob


@dataclass(frozen=True)
class Person:
    """Who acts, and why; `action` is the act on many jobs that this is part of."""

    actor: str
    reason: str = ""
    action: str = ""


class Recovery:
    """A person's acts. Each answers with the ids of all jobs that it concerned, as far as it knows them."""

    def __init__(
        self, live: LiveStore, restorer: Restorer, jobs: Jobs, sets: SetActions, plates: Plates, captures: Captures
    ) -> None:
        self._live = live
        self._restorer = restorer
        self._jobs = jobs
        self._sets = sets
        self._plates = plates
        self._captures = captures

    def retry(self, job_id: str, person: Person) -> set[str]:
        """Let a job go on, as it was matched then; of a set all jobs go on."""
        self._restorer.guarded(self._live.check)
        job = self._jobs.get(job_id)
        if is_table(job):
            self._plates.make_again(job)
        step = RetryJob(epoch=self._live.epoch, actor=person.actor, reason=person.reason, action=person.action)
        together = self._sets.retried_with(job)
        self._jobs.together([(each.id, step) for each in together])
        return concerned([job, *together])

    def cancel(self, job_id: str, person: Person) -> set[str]:
        """End a live job; of a set that is worked on all jobs end."""
        job = self._sets.ended_with(self._jobs.get(job_id))
        step = CancelJob(epoch=job.epoch, actor=person.actor, reason=person.reason, action=person.action)
        self._jobs.step(job.id, step)
        return {job_id} | concerned([job])

    def reprocess(self, job_id: str, person: Person) -> set[str]:
        """A final job begins again with today's task: its own if it still takes the capture, else the first that does.

        Of a set all jobs begin again, also those that came too late for it; a plate's table is made and sent again.

        Raises:
            NoTask: no task takes the capture today.
        """
        job = self._jobs.get(job_id)
        if is_table(job):
            return self._send_again(job, person)
        together = {each.id: self.task_of_today(each) for each in self._sets.reprocessed_with(job)}
        if together[job_id] is None:
            raise NoTask("No task takes this capture today.")
        self._jobs.together([(each, _again(task, person)) for each, task in together.items() if task])
        return set(together)

    def all_alone(self, action: ActionKind, jobs: Sequence[Job], person: Person) -> None:
        """The same act on several jobs that belong to no set and are no tables, in one step: all of them or none."""
        self._restorer.guarded(self._live.check)
        self._jobs.together([(job.id, self._step(action, job, person)) for job in jobs])

    def _step(self, action: ActionKind, job: Job, person: Person) -> TakenStep:
        told = {"actor": person.actor, "reason": person.reason, "action": person.action}
        if action == "retry":
            return RetryJob(epoch=self._live.epoch, **told)
        if action == "cancel":
            return CancelJob(epoch=job.epoch, **told)
        task = self.task_of_today(job)
        if task is None:
            raise NoTask("No task takes this capture today.")
        return _again(task, person)

    def task_of_today(self, job: Job) -> FrozenTask | None:
        """The task that a job would begin again with."""
        taken = self._captures.match_now(job).tasks
        own = [task for task in taken if job.task and task.id == job.task.id]
        return next(iter(own or taken), None)

    def _send_again(self, table: Job, person: Person) -> set[str]:
        """A pushed plate's table stays on the gateway: there it is only made sure of."""
        self._plates.make_again(table)
        if table.task and table.source.returns == "instrument":
            self._jobs.together([(table.id, _again(table.task, person))])
        return {table.id}


def concerned(jobs: Sequence[Job]) -> set[str]:
    """These jobs, and the members of their sets."""
    return {job.id for job in jobs} | {member.job_id for job in jobs for member in job.members}


def _again(task: FrozenTask, person: Person) -> Reprocess:
    return Reprocess(task=task, actor=person.actor, reason=person.reason, action=person.action)
