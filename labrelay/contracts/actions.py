"""What a person does to many jobs at once: a preview that holds exactly these jobs, then the act itself."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import StringConstraints

from labrelay.contracts.base import Contract
from labrelay.contracts.filters import JobFilter
from labrelay.contracts.pauses import Words
from labrelay.contracts.states import Stage
from labrelay.contracts.verdicts import Judgement

ActionKind = Literal["retry", "reprocess", "cancel", "accept", "reject", "unsure"]
ActionState = Literal["previewed", "running", "done", "stopped"]
Outcome = Literal["waiting", "done", "skipped"]
ActionId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{36}$")]

MOST_JOBS: Final = 100_000
"""Jobs of one action."""
SAMPLE: Final = 10
"""Jobs that a preview shows."""
JUDGEMENTS: Final[Mapping[ActionKind, Judgement]] = {
    "accept": Judgement.ACCEPT,
    "reject": Judgement.REJECT,
    "unsure": Judgement.UNSURE,
}
"""Acts that are verdicts: no job takes a step, people say something of its results."""


class ActionRequest(Contract):
    """A preview is asked for; nothing happens to any job.

    Attributes:
        filter: which jobs; at least one condition.
        actor: who asks; else the header `X-Labrelay-Actor`.
    """

    action: ActionKind
    filter: JobFilter
    actor: Words = ""
    reason: Words = ""


class Cause(Contract):
    """Jobs of an action that failed for the same reason, with the words of one of them."""

    code: str
    count: int
    cause: str = ""
    next_step: str = ""
    retryable: bool | None = None


class ActionJob(Contract):
    """One job of an action.

    Attributes:
        revision: as it was when the preview was made; a job that has changed since is left alone.
        told: what would happen to it, what has happened, or why it was left alone.
    """

    job_id: str
    revision: int
    path: str
    instrument: str
    stage: Stage
    code: str = ""
    outcome: Outcome = "waiting"
    told: str = ""


class Action(Contract):
    """An action, from its preview to its end.

    Attributes:
        where: the filter, as the command line writes it.
        total: jobs that it acts on.
        left_out: jobs that the filter takes and the action can't or shouldn't concern, by stage (`table` for tables).
        first: some of its jobs, with what would happen to them.
        waiting: jobs that it hasn't come to, `done` those that it acted on, `skipped` those that it left alone.
        skips: some of those that it left alone, and why.
    """

    id: ActionId
    action: ActionKind
    where: str
    state: ActionState
    actor: str
    reason: str
    created_ns: int
    started_ns: int = 0
    ended_ns: int = 0
    total: int
    causes: tuple[Cause, ...]
    stages: Mapping[Stage, int]
    instruments: Mapping[str, int]
    left_out: Mapping[str, int]
    first: tuple[ActionJob, ...]
    waiting: int
    done: int
    skipped: int
    skips: tuple[ActionJob, ...] = ()


class ActionPage(Contract):
    """Actions, newest first."""

    items: tuple[Action, ...]


class ActionJobPage(Contract):
    """Jobs of an action in the order in which it comes to them; `next` goes into the next call's `after`."""

    items: tuple[ActionJob, ...]
    next: int | None
