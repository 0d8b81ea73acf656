"""Acts on many jobs as callers see them: the preview, and how far it has come."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from job_repository.actions.rules import Foresight
from job_repository.actions.store import ActionStore, StoredAction
from job_repository.jobs.queries import Queries
from job_repository.jobs.recovery import Person
from labrelay.contracts.actions import SAMPLE, Action, ActionJob, ActionJobPage, ActionRequest, Cause, Outcome
from labrelay.contracts.filters import FilterInvalid
from labrelay.contracts.jobs import Job
from labrelay.contracts.plates import TABLE
from labrelay.contracts.states import Stage
from labrelay.errors import ServiceUnavailable

MOST_CAUSES = 20


class ActionViews:
    """Makes previews and shows acts."""

    def __init__(self, store: ActionStore, queries: Queries, foresight: Foresight) -> None:
        self._store = store
        self._queries = queries
        self._foresight = foresight

    def preview(self, asked: ActionRequest, person: Person) -> Action:
        """Freeze the jobs that are meant now; nothing happens to them.

        Raises:
            FilterInvalid: the filter names nothing, so it means every job there is.
            ServiceUnavailable: the record is behind, and a preview must be exact.
        """
        if not asked.filter.pairs:
            raise FilterInvalid("The filter names nothing, so it would mean every job there is.")
        if not self._queries.catch_up():
            raise ServiceUnavailable("The record doesn't hold all jobs as they are yet.")
        action_id = self._store.freeze(asked, person.actor)
        self._store.tell(action_id, self._told(action_id, asked))
        return self.shown(action_id)

    def shown(self, action_id: str) -> Action:
        """One act as it stands."""
        return self._action(self._store.get(action_id))

    def newest(self, limit: int) -> tuple[Action, ...]:
        """Acts, newest first."""
        return tuple(self._action(found) for found in self._store.newest(limit))

    def jobs(self, action_id: str, outcome: Outcome | None, after: int, limit: int) -> ActionJobPage:
        """Jobs of an act."""
        self._store.get(action_id)
        rows = self._store.jobs(action_id, outcome, after, limit)
        return ActionJobPage(items=tuple(map(_job, rows)), next=rows[-1].place if len(rows) == limit else None)

    def _told(self, action_id: str, asked: ActionRequest) -> dict[str, Any]:
        """All that the preview counts, in one look at the jobs that the filter takes."""
        found: dict[str, Counter[str]] = {name: Counter() for name in ("stages", "instruments", "codes", "left_out")}
        for chosen, stage, task_id, code, instrument, count in self._store.counts(action_id, asked.filter):
            if not chosen:
                found["left_out"]["table" if task_id == TABLE else stage] += count
                continue
            found["stages"][stage] += count
            found["instruments"][instrument] += count
            found["codes"][code] += count
        codes = [each for each in found["codes"].most_common(MOST_CAUSES) if each[0]]
        first = [self._first(asked, Job.model_validate_json(doc)) for doc in self._store.first(action_id)]
        return {
            "causes": [self._cause(action_id, *each).model_dump(mode="json") for each in codes],
            "first": [each.model_dump(mode="json") for each in first],
            **{name: dict(found[name].most_common()) for name in ("stages", "instruments", "left_out")},
        }

    def _cause(self, action_id: str, code: str, count: int) -> Cause:
        doc = self._store.example(action_id, code)
        failure = Job.model_validate_json(doc).failure if doc else None
        if failure is None:
            return Cause(code=code, count=count)
        words = {"cause": failure.cause, "next_step": failure.next_step}
        return Cause(code=code, count=count, retryable=failure.retryable, **words)

    def _first(self, asked: ActionRequest, job: Job) -> ActionJob:
        return ActionJob(
            job_id=job.id,
            revision=job.revision,
            path=job.source.path,
            instrument=job.source.instrument,
            stage=job.stage,
            code=job.failure.code if job.failure else "",
            told=self._foresight.would(asked.action, job),
        )

    def _action(self, found: StoredAction) -> Action:
        skipped = found.outcomes.get("skipped", 0)
        skips: Sequence[Any] = self._store.jobs(found.id, "skipped", -1, SAMPLE) if skipped else ()
        return Action(
            id=found.id,
            action=found.action,
            where=found.filter,
            state=found.state,
            actor=found.actor,
            reason=found.reason,
            created_ns=found.created_ns,
            started_ns=found.started_ns,
            ended_ns=found.ended_ns,
            total=found.total,
            waiting=found.outcomes.get("waiting", 0),
            done=found.outcomes.get("done", 0),
            skipped=skipped,
            skips=tuple(map(_job, skips)),
            **found.told,
        )


def _job(row: Any) -> ActionJob:
    return ActionJob(
        job_id=row.job_id,
        revision=row.revision,
        path=row.path,
        instrument=row.instrument,
        stage=Stage(row.stage),
        code=row.failure_code,
        outcome=row.outcome,
        told=row.told,
    )
