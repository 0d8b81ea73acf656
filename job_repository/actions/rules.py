"""Which jobs an act on many concerns, and what would happen to one of them. Pure but for a look at the disk."""

from collections.abc import Callable
from typing import Final

from sqlalchemy import ColumnElement

from job_repository.holdings import holds
from job_repository.jobs.effects import Held, rewound
from job_repository.jobs.filtering import IS_TABLE, in_stages
from job_repository.plates.identity import is_table
from job_repository.record.models import JobRow
from job_repository.verdicts.queue import LEAD
from labrelay.contracts.actions import JUDGEMENTS, ActionKind
from labrelay.contracts.filters import JobFilter
from labrelay.contracts.jobs import Job
from labrelay.contracts.reviews import SEALED_STAGES
from labrelay.contracts.states import FINAL, Stage
from labrelay.contracts.tasks import FrozenTask
from labrelay.contracts.verdicts import Judgement
from labrelay.layout import GatewayLayout

LIVE: Final = frozenset(Stage) - FINAL
JUDGED: Final[dict[ActionKind, frozenset[Stage]]] = dict.fromkeys(JUDGEMENTS, frozenset(SEALED_STAGES))
CAN: Final[dict[ActionKind, frozenset[Stage]]] = {
    "retry": frozenset({Stage.FAILED, Stage.CANCELLED, Stage.SUPERSEDED}),
    "reprocess": FINAL,
    "cancel": LIVE,
    **JUDGED,
}
USUAL: Final[dict[ActionKind, frozenset[Stage]]] = {
    "retry": frozenset({Stage.FAILED}),
    "reprocess": frozenset({Stage.COMPLETE, Stage.FAILED, Stage.UNMATCHED}),
    "cancel": LIVE,
    **JUDGED,
}
"""What a person cancelled, or a newer file replaced, begins again only where the filter names it."""
AGAIN: Final[dict[Stage, str]] = {
    Stage.RETURNING: "its results are sent back once more",
    Stage.READY: "its pipeline works on it once more",
    Stage.GATHERING: "it waits for its set once more",
    Stage.AWAITING_INPUT: "the instrument is asked for its bytes once more",
}


def stages_for(action: ActionKind, wanted: JobFilter) -> frozenset[Stage]:
    """The stages from which an act starts."""
    named = wanted.stage or wanted.status or wanted.code or wanted.job
    return CAN[action] if named else USUAL[action]


def takes_tables(action: ActionKind, wanted: JobFilter) -> bool:
    """A table follows its reprocessed images by itself, and images are judged: it is meant only where it is named."""
    return action in ("retry", "cancel") or bool(wanted.job) or "table" in wanted.kind


def applies(action: ActionKind, wanted: JobFilter) -> list[ColumnElement[bool]]:
    """What a row must fulfil beyond the filter."""
    needed: list[ColumnElement[bool]] = [in_stages(stages_for(action, wanted))]
    if action in JUDGEMENTS:  # of a set one job has the results of all
        needed.append((JobRow.set_key == "") | JobRow.doc.not_like(LEAD))
    return needed if takes_tables(action, wanted) else [*needed, ~IS_TABLE]


class Foresight:
    """Says what would happen.

    Args:
        layout: where bytes lie.
        today: finds the task that takes a job's capture today.
        judged: says what a verdict would change.
    """

    def __init__(
        self,
        layout: GatewayLayout,
        today: Callable[[Job], FrozenTask | None],
        judged: Callable[[Judgement, Job], str],
    ) -> None:
        self._layout = layout
        self._today = today
        self._judged = judged

    def would(self, action: ActionKind, job: Job) -> str:
        """What the act would do to a job, in words."""
        if judgement := JUDGEMENTS.get(action):
            return self._judged(judgement, job)
        if action == "cancel":
            return f"it ends where it is ({job.stage.replace('_', ' ')})"
        return self._retried(job) if action == "retry" else self._reprocessed(job)

    def _retried(self, job: Job) -> str:
        if job.task is None:
            return "left alone: no task took it, so there is nothing to repeat (reprocess it)"
        if job.lead:
            return "its set goes on"
        stage = rewound(job, self._held(job))["stage"]
        if job.stage is Stage.SUPERSEDED and stage is Stage.AWAITING_INPUT:
            return "left alone: the file has changed, its old content can't come any more"
        return AGAIN[stage]

    def _reprocessed(self, job: Job) -> str:
        if is_table(job):
            return AGAIN[Stage.RETURNING]
        task = self._today(job)
        if task is None:
            return "left alone: no task takes it today"
        return f"it begins again with {task.description} (version {task.version})"

    def _held(self, job: Job) -> Held:
        """Sealed outputs are taken to lie where they were put: looking for them may move them."""
        members = all(holds(self._layout, member.source) for member in job.members)
        return Held(input=holds(self._layout, job.source), members=members, outputs=bool(job.outputs))
