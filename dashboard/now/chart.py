"""Throughput and backlog of the last hour as one drawing, and as the table behind it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from dashboard.quantities import clock
from labrelay.contracts.failures import Minute, Throughput

WIDTH: Final = 600
HEIGHT: Final = 120


@dataclass(frozen=True)
class Row:
    """One minute in the table; `backlog` is how many were on their way at its end."""

    at: str
    arrived: int
    ended: int
    backlog: int


@dataclass(frozen=True)
class Chart:
    """The drawing in a box of `WIDTH` by `HEIGHT`.

    Attributes:
        bars: x, y, width and height of a bar for each minute in which something ended.
        line: the backlog as points of a polyline.
        most_ended: what the bars' full height stands for, at least 1.
        most_waiting: what the line's full height stands for, at least 1.
        rows: the minutes, newest first.
        begins: when the first minute began, `ends` when the last one did, as clocks say it.
    """

    bars: tuple[tuple[float, float, float, float], ...]
    line: str
    most_ended: int
    most_waiting: int
    rows: tuple[Row, ...]
    begins: str
    ends: str


def chart_of(found: Throughput) -> Chart | None:
    """The chart; None where nothing came or ended in all that time."""
    if not found.minutes or not (found.arrived or found.ended or found.backlog):
        return None
    backlogs = _backlogs(found.minutes, found.backlog)
    most_ended, most_waiting = max(1, *(each.ended for each in found.minutes)), max(1, *backlogs)
    step = WIDTH / len(found.minutes)
    heights = [HEIGHT * each.ended / most_ended for each in found.minutes]
    tops = [HEIGHT - HEIGHT * waiting / most_waiting for waiting in backlogs]
    rows = tuple(
        Row(clock(each.at_ns), each.arrived, each.ended, waiting)
        for each, waiting in zip(found.minutes, backlogs, strict=True)
    )
    return Chart(
        bars=tuple(
            (round(place * step, 1), round(HEIGHT - high, 1), round(step * 0.8, 1), round(high, 1))
            for place, high in enumerate(heights)
            if high
        ),
        line=" ".join(f"{(place + 0.5) * step:.1f},{top:.1f}" for place, top in enumerate(tops)),
        most_ended=most_ended,
        most_waiting=most_waiting,
        rows=rows[::-1],
        begins=rows[0].at,
        ends=rows[-1].at,
    )


def _backlogs(minutes: Sequence[Minute], backlog: int) -> list[int]:
    """How many were on their way at each minute's end, counted back from now."""
    later = [each.arrived - each.ended for each in reversed(minutes)]
    return [max(0, backlog - grown) for grown in accumulate([0, *later[:-1]])][::-1]
