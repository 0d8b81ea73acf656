"""The state machine: which step may start from which stage, and what makes it stale. Pure: no Redis, no HTTP."""

from typing import Final

from job_repository.jobs.conflicts import NotInStage, StaleAttempt
from job_repository.jobs.effects import EFFECTS, NOTHING_HELD, Held
from job_repository.jobs.repetitions import already
from job_repository.jobs.steps import OwnStep, TakenStep
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import FINAL, Stage
from labrelay.contracts.transitions import ReceiveJob

EVERY: Final = frozenset(Stage)
LIVE: Final = EVERY - FINAL
APART: Final = LIVE - {Stage.JOINED}
"""A joined job ends with its lead and not by itself."""
WORKED_ON: Final = frozenset({Stage.LAUNCHED, Stage.PROCESSING, Stage.REPORTED, Stage.SEALING})

STARTS_FROM: Final[dict[str, frozenset[Stage]]] = {
    "input_stored": frozenset({Stage.AWAITING_INPUT}),
    "input_lost": frozenset({Stage.AWAITING_INPUT}),
    "supersede": EVERY,
    "launch": frozenset({Stage.READY}),
    "claim": frozenset({Stage.LAUNCHED}),
    "report": frozenset({Stage.PROCESSING}),
    "finish": frozenset({Stage.REPORTED}),
    "seal": frozenset({Stage.SEALING}),
    "accept_return": frozenset({Stage.RETURNING}),
    "receive": frozenset({Stage.RETURNING, Stage.RECEIVING}),
    "relaunch": WORKED_ON,
    "fail": APART,
    "cancel": APART,
    "overdue": LIVE,
    "retry": frozenset({Stage.FAILED, Stage.CANCELLED, Stage.SUPERSEDED}),
    "reprocess": FINAL,
    "edit": EVERY,
    "gather": frozenset({Stage.GATHERING}),
    "join": frozenset({Stage.GATHERING}),
    "give_way": frozenset({Stage.GATHERING}),
    "follow": frozenset({Stage.JOINED}),
    "rejoin": FINAL,
    "leave": FINAL | {Stage.JOINED},
    "plate_finished": EVERY,
}


def apply(job: Job, step: TakenStep, now_ns: int, held: Held = NOTHING_HELD) -> Job:
    """The job after a step: revision + 1, or the very same job when the step was carried out before.

    Args:
        job: as it stands.
        step: what is asked for.
        now_ns: wall clock of the gateway, for display.
        held: what lies in the gateway's stores; only `retry` and `reprocess` look at it.

    Raises:
        Conflict: the step is stale, starts from another stage, or has other content than before.
    """
    check_fence(job, step)
    if already(job, step):
        return job
    if job.stage not in STARTS_FROM[step.step]:
        raise NotInStage(f"The job is {job.stage}; {step.step} can't start from there.", stage=job.stage.value)
    changes = EFFECTS[step.step](job, step, held)
    common = {"overdue": "", "revision": job.revision + 1, "updated_ns": now_ns}
    return job.model_copy(update={**common, **changes})


def check_fence(job: Job, step: TakenStep) -> None:
    """Refuse a step of another epoch or attempt.

    Raises:
        StaleAttempt: the asker doesn't hold the job any more.
    """
    if isinstance(step, OwnStep):
        return
    asked = (step.epoch, _attempt_of(step))
    holds = asked[0] == job.epoch and asked[1] in (None, job.attempt)
    if isinstance(step, ReceiveJob):
        holds = holds and step.receipt.epoch == job.epoch
    if not holds:
        raise StaleAttempt(
            f"The step is of attempt {asked[0]}.{asked[1]}, the job is at {job.epoch}.{job.attempt}.",
            epoch=job.epoch,
            attempt=job.attempt,
        )


def _attempt_of(step: TakenStep) -> int | None:
    if isinstance(step, ReceiveJob):
        return step.receipt.attempt
    attempt: int | None = getattr(step, "attempt", None)
    return attempt
