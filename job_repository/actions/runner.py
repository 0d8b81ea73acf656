"""Acts on many jobs: what was previewed is done, exactly that, in bounded batches by a loop of the repository's own.

A batch is marked off when the record holds what it did. After a crash, or a loss of the live store, the loop comes to
the same jobs again; a job's own steps name the act, so that nothing is done twice and nothing is left out.
"""

import time
from collections.abc import Sequence
from typing import Final

from job_repository.actions.judging import Judging
from job_repository.actions.store import ActionStore, FrozenJob, Happened, StoredAction
from job_repository.jobs.jobs import Jobs
from job_repository.jobs.queries import Queries
from job_repository.jobs.recovery import Person, Recovery
from job_repository.plates.identity import is_table
from job_repository.sets.rules import set_key
from labrelay.contracts.actions import JUDGEMENTS, Outcome
from labrelay.contracts.jobs import Job
from labrelay.errors import Conflict, LabrelayError, NotFound, ServiceUnavailable
from labrelay.loops import OwnerLoop

BATCH: Final = 50
PAUSE_S: Final = 0.05
"""Between batches the repository's other work goes on undisturbed."""
KEPT_S: Final = 24 * 3600.0
"""A preview that nobody runs is forgotten afterwards."""
SWEEP_S: Final = 600.0
IDLE_S: Final = 1.0
UNTOUCHED: Final = frozenset({"restored", "overdue"})
"""Steps after which a job is what the preview showed."""
OF_PEOPLE: Final = frozenset({"retry", "reprocess", "cancel", "edit"})
OTHER_RESULTS: Final = OF_PEOPLE | {"seal"}

Outcomes = dict[str, tuple[Outcome, str]]


class ActionOver(Conflict):
    """The act was stopped or has ended."""

    code = "action_over"
    default_next_step = "Make a new preview."


class Actions:
    """Begins, carries on and ends acts."""

    def __init__(self, store: ActionStore, jobs: Jobs, queries: Queries, recovery: Recovery, judging: Judging) -> None:
        self._store = store
        self._jobs = jobs
        self._queries = queries
        self._recovery = recovery
        self._judging = judging
        self._swept = float("-inf")
        self._loop = OwnerLoop("job-repository actions", self.turn, idle_s=IDLE_S)

    def start(self) -> None:
        """Take up what a stop or a crash interrupted."""
        self._loop.start()

    def close(self) -> None:
        """End after this batch."""
        self._loop.stop()

    def run(self, action_id: str, person: Person) -> StoredAction:
        """Let the loop do what was previewed; once more changes nothing.

        Raises:
            NotFound: there is no such preview.
            ActionOver: it was stopped.
        """
        found = self._store.get(action_id)
        if found.state == "stopped":
            raise ActionOver("This action was stopped.")
        if found.state == "previewed":
            self._store.turn_to(found, "running", person.actor, person.reason)
        self._loop.wake()
        return self._store.get(action_id)

    def stop(self, action_id: str, person: Person) -> StoredAction:
        """Leave alone what the loop hasn't come to."""
        found = self._store.get(action_id)
        if found.state in ("previewed", "running"):
            self._store.turn_to(found, "stopped", person.actor, person.reason)
        return self._store.get(action_id)

    def turn(self) -> bool:
        """One batch of the oldest act that runs; whether it may go on soon."""
        self._sweep()
        found = self._store.running()
        if found is None:
            return False
        self._caught_up()
        batch = self._store.batch(found.id, BATCH)
        if not batch:
            self._store.turn_to(found, "done", found.actor)
            return True
        outcomes = self._outcomes(found, batch)
        self._caught_up()
        self._store.mark(found.id, outcomes)
        time.sleep(PAUSE_S)
        return True

    def _outcomes(self, found: StoredAction, batch: Sequence[FrozenJob]) -> Outcomes:
        outcomes = self._at_once(found, batch)
        for each in batch:
            if each.job_id not in outcomes:  # its set may have taken it along
                outcomes.update(self._act(found, each))
        return outcomes

    def _at_once(self, found: StoredAction, batch: Sequence[FrozenJob]) -> Outcomes:
        """Those that are as the preview saw them and concern nobody else; none where one of them can't be acted on."""
        if found.action in JUDGEMENTS:
            return {}
        jobs = [job for each in batch if (job := self._alone(each))]
        if len(jobs) < 2:
            return {}
        try:
            self._recovery.all_alone(found.action, jobs, Person(found.actor, found.reason, found.id))
        except ServiceUnavailable:
            raise
        except LabrelayError:  # one by one, then, so that it is known which
            return {}
        return {job.id: ("done", "") for job in jobs}

    def _alone(self, frozen: FrozenJob) -> Job | None:
        try:
            job = self._jobs.get(frozen.job_id)
        except NotFound:
            return None
        alone = job.revision == frozen.revision and not (set_key(job) or is_table(job))
        return job if alone else None

    def _act(self, found: StoredAction, frozen: FrozenJob) -> Outcomes:
        try:
            job = self._jobs.get(frozen.job_id)
            if job.revision != frozen.revision and (verdict := self._changed(found, job, frozen)):
                return {job.id: verdict}
            if found.action in JUDGEMENTS:
                return {job.id: self._judging.judge(found, job)}
            concerned = self._carry_out(found, job.id)
        except ServiceUnavailable:
            raise
        except LabrelayError as refusal:
            return {frozen.job_id: ("skipped", refusal.cause)}
        together: Outcomes = dict.fromkeys(concerned, ("done", f"with the set of {job.source.path}"))
        return {**together, job.id: ("done", "")}

    def _carry_out(self, found: StoredAction, job_id: str) -> set[str]:
        person = Person(found.actor, found.reason, found.id)
        act = {"retry": self._recovery.retry, "reprocess": self._recovery.reprocess, "cancel": self._recovery.cancel}
        return act[found.action](job_id, person)

    def _changed(self, found: StoredAction, job: Job, frozen: FrozenJob) -> tuple[Outcome, str] | None:
        """Why a job that isn't as the preview saw it is left alone; None where it may be acted on all the same."""
        happened = self._store.happened(job.id, frozen.seq)
        if self._was_acted_on(found, happened):
            return "done", ""
        steps = {each.step for each in happened}
        goes_its_way = found.action == "cancel" and not job.final and steps.isdisjoint(OF_PEOPLE)
        same_results = found.action in JUDGEMENTS and steps.isdisjoint(OTHER_RESULTS)
        if happened and (steps <= UNTOUCHED or goes_its_way or same_results):
            return None
        last = f": {happened[-1].step} by {happened[-1].actor or 'nobody'}" if happened else ""
        return "skipped", f"it has changed since the preview and is {job.stage.replace('_', ' ')} now{last}"

    def _was_acted_on(self, found: StoredAction, happened: Sequence[Happened]) -> bool:
        """By this act before an interruption: itself, or the job that leads its set."""
        if any(each.detail.get("action") == found.id for each in happened):
            return True
        leads = {str(each.detail["lead"]) for each in happened if each.detail.get("lead")}
        steps = [each for lead in leads for each in self._store.happened(lead, 0)]
        return any(each.detail.get("action") == found.id for each in steps)

    def _caught_up(self) -> None:
        if not self._queries.catch_up():
            raise ServiceUnavailable("The record doesn't hold all steps yet.")

    def _sweep(self) -> None:
        now = time.monotonic()
        if now - self._swept >= SWEEP_S:
            self._store.forget(time.time_ns() - int(KEPT_S * 1e9))
            self._swept = now
