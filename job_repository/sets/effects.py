"""What the steps of sets change in one job. Pure; `leave` goes back like a retry and stands in `effects`."""

from collections.abc import Callable
from typing import Any, Final

from job_repository.jobs.steps import FollowLead, GatherSet, GiveWay, JoinSet, RejoinSet
from job_repository.sets.problems import SetSuperseded
from labrelay.contracts.jobs import Failure, Job, PipelineReport
from labrelay.contracts.states import Owner, PipelineStatus, Stage

Changes = dict[str, Any]


def _gather(job: Job, step: GatherSet, held: object) -> Changes:
    return {"stage": Stage.READY, "members": step.members}


def _join(job: Job, step: JoinSet, held: object) -> Changes:
    return {"stage": Stage.JOINED, "lead": step.lead}


def _give_way(job: Job, step: GiveWay, held: object) -> Changes:
    return {
        "stage": Stage.SUPERSEDED,
        "superseded_by": step.by,
        "failure": Failure.of(SetSuperseded(step.cause), Owner.TASK_LAUNCHER),
    }


def _follow(job: Job, step: FollowLead, held: object) -> Changes:
    if step.to is not Stage.COMPLETE:
        return {"stage": step.to, "failure": step.failure}
    report = PipelineReport(status=PipelineStatus.COMPLETE, results=step.results)
    return {"stage": Stage.COMPLETE, "report": report}


def _rejoin(job: Job, step: RejoinSet, held: object) -> Changes:
    return {"stage": Stage.JOINED, "report": None, "failure": None}


SET_EFFECTS: Final[dict[str, Callable[[Job, Any, Any], Changes]]] = {
    "gather": _gather,
    "join": _join,
    "give_way": _give_way,
    "follow": _follow,
    "rejoin": _rejoin,
}
