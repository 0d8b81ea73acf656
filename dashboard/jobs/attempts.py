"""The attempts at a job side by side: who worked when, and how each ended."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from dashboard.quantities import Moment, duration, moment
from dashboard.states import words_for_step
from labrelay.words import _

ENDS: Final = frozenset({"report", "fail", "relaunch", "cancel", "restored"})


@dataclass(frozen=True)
class Attempt:
    """One claim of the job by a worker.

    Attributes:
        told: the result, or why it ended.
    """

    number: int
    worker: str
    began_ns: int
    began: Moment
    took: str = ""
    ended: str = ""
    told: str = ""


def attempts_of(events: Iterable[Mapping[str, Any]]) -> tuple[Attempt, ...]:
    """The attempts that the steps tell of, oldest first."""
    found: list[Attempt] = []
    for event in sorted(events, key=lambda each: int(each.get("seq", 0))):
        step, at_ns, detail = str(event.get("step", "")), int(event.get("at_ns", 0)), event.get("detail") or {}
        if step == "claim":
            worker = str(detail.get("worker") or event.get("actor") or "") if isinstance(detail, Mapping) else ""
            found.append(Attempt(len(found) + 1, worker, at_ns, moment(at_ns)))
        elif step in ENDS and found and not found[-1].ended:
            took, ended = duration(at_ns - found[-1].began_ns), words_for_step(step)
            found[-1] = replace(found[-1], took=took, ended=ended, told=_told(detail))
    return tuple(found)


def _told(detail: Any) -> str:
    if not isinstance(detail, Mapping):
        return str(detail or "")
    report = detail.get("report") or {}
    failure = detail.get("failure") or report.get("failure") or {}
    told = failure.get("cause") or report.get("results") or detail.get("reason") or ""
    return str(told) or (_("It gave no result.") if report else "")
