"""A job's steps as spans of time: each stage that it stood in belongs to one phase. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any, Final

from labrelay.contracts.phases import PhaseName
from labrelay.contracts.states import Stage

SETTLED_NS: Final = 3600 * 10**9
"""A file that was written longer before its announcement was copied here, or waited unseen: that is no detection."""
PHASE_OF: Final[Mapping[Stage, PhaseName]] = {
    Stage.AWAITING_INPUT: PhaseName.TRANSFER,
    Stage.GATHERING: PhaseName.GATHERING,
    Stage.READY: PhaseName.QUEUE,
    Stage.LAUNCHED: PhaseName.QUEUE,
    Stage.JOINED: PhaseName.WITH_SET,
    Stage.PROCESSING: PhaseName.WORK,
    Stage.REPORTED: PhaseName.SEALING,
    Stage.SEALING: PhaseName.SEALING,
    Stage.RETURNING: PhaseName.RETURN,
    Stage.RECEIVING: PhaseName.RECEIPT,
}


@dataclass(frozen=True)
class Span:
    """One phase from a step to another; `began` and `ended` are the steps' running numbers."""

    phase: PhaseName
    attempt: int
    began_ns: int
    began: int
    ended_ns: int | None = None
    ended: int | None = None
    ended_by: str = ""
    told: tuple[str, ...] = ()


def spans_of(events: Iterable[Mapping[str, Any]]) -> list[Span]:
    """The spans of a job's steps, which come oldest first."""
    spans: list[Span] = []
    for event in events:
        phase = PHASE_OF.get(Stage(event["stage"]))
        last = spans[-1] if spans and spans[-1].ended is None else None
        if last is not None and _goes_on(last, phase, event):
            spans[-1] = _told(last, event)
            continue
        if last is not None:
            spans[-1] = replace(last, ended_ns=event["at_ns"], ended=event["seq"], ended_by=event["step"])
        if phase is not None:
            spans.append(Span(phase, event["attempt"], event["at_ns"], event["seq"]))
    return spans


def detection(modified_ns: int, created_ns: int) -> Span | None:
    """From the last write of a file, on the instrument's clock, to its announcement; None where that can't be it."""
    if not 0 < modified_ns <= created_ns <= modified_ns + SETTLED_NS:
        return None
    return Span(PhaseName.DETECTION, 0, modified_ns, 0, created_ns, 0, "created")


def medians(jobs: Iterable[Sequence[Span]], least: int) -> dict[PhaseName, int]:
    """For each phase the median of what it took these jobs together, nanoseconds; of at least so many jobs."""
    taken: dict[PhaseName, list[int]] = {}
    for spans in jobs:
        for phase, total in _totals(spans).items():
            taken.setdefault(phase, []).append(total)
    return {phase: int(median(each)) for phase, each in taken.items() if len(each) >= least}


def _totals(spans: Sequence[Span]) -> dict[PhaseName, int]:
    totals: dict[PhaseName, int] = {}
    for span in spans:
        if span.ended_ns is not None:
            totals[span.phase] = totals.get(span.phase, 0) + span.ended_ns - span.began_ns
    return totals


def _goes_on(last: Span, phase: PhaseName | None, event: Mapping[str, Any]) -> bool:
    """A relaunch ends its attempt, though the queue that follows may be the same phase again."""
    return phase is last.phase and event["step"] != "relaunch"


def _told(span: Span, event: Mapping[str, Any]) -> Span:
    reason = str((event.get("detail") or {}).get("reason") or "") if event["step"] == "overdue" else ""
    return replace(span, told=(*span.told, reason)) if reason and reason not in span.told else span
