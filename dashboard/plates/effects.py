"""Whether rows, columns or the edge of a plate deviate from the rest: hints for people, no verdicts. Pure.

The plate is described by rows and columns with Tukey's median polish (Tukey, Exploratory Data Analysis, 1977; for
plates: Malo et al., Nature Biotechnology 24, 167, 2006). The noise of a well is 1.4826 times the median of the absolute
residuals, which is the standard deviation of normal noise and isn't moved by outliers. A median of n wells then has a
standard error of 1.2533 * noise / sqrt(n) (normal theory). A line deviates when its median differs from the median of
all other wells by `SURE` joint standard errors or more, and by `LARGE` of that median.
"""

import math
import statistics
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from labrelay.plates.wells import Well
from labrelay.words import _

SURE: Final = 5.0
"""Of 80 lines of a plate without any effect fewer than one in 10,000 plates has one beyond it."""
LARGE: Final = 0.1
FEW: Final = 4
"""Wells that a line must have, as wells outside it."""
SMALLEST: Final = 24
"""Wells with values that a plate must have."""
SWEEPS: Final = 4
MOST_TOLD: Final = 3

Grid = Mapping[Well, float]


@dataclass(frozen=True)
class Effect:
    """A part of the plate that deviates.

    Attributes:
        kind: `row`, `column` or `edge`.
        name: `B`, `7`, empty for the edge.
        share: the part's median over that of the rest, less 1; infinite where that is 0.
        errors: how many standard errors it is off.
    """

    kind: str
    name: str
    share: float
    errors: float

    @property
    def sentence(self) -> str:
        """For people."""
        told = {
            ("row", True): _("Row {name} is higher than the rest of the plate ({change})."),
            ("row", False): _("Row {name} is lower than the rest of the plate ({change})."),
            ("column", True): _("Column {name} is higher than the rest of the plate ({change})."),
            ("column", False): _("Column {name} is lower than the rest of the plate ({change})."),
            ("edge", True): _("The wells at the edge are higher than those inside ({change})."),
            ("edge", False): _("The wells at the edge are lower than those inside ({change})."),
        }[self.kind, self.share > 0]
        change = f"{100 * self.share:+.0f} %" if math.isfinite(self.share) else "∞"
        return told.format(name=self.name, change=change)


def effects_of(values: Grid, rows: int, columns: int) -> list[Effect]:
    """The parts that deviate, the surest first; none for plates with too few values.

    Args:
        values: by well.
        rows: of the plate's format.
        columns: the same.
    """
    if len(values) < SMALLEST:
        return []
    noise = noise_of(values)
    border = frozenset(well for well in values if well.row in (1, rows) or well.column in (1, columns))
    edge = _effect("edge", "", border, values, noise)
    # Lines are compared with what is like them: without an edge that deviates.
    rest = {well: value for well, value in values.items() if not (edge and well in border)}
    lines = [_effect(*line, rest, noise) for line in _lines(rest)]
    return sorted(filter(None, [edge, *lines]), key=lambda each: -abs(each.errors))[:MOST_TOLD]


def noise_of(values: Grid) -> float:
    """Standard deviation of a well's noise, from what median polish leaves over."""
    left = dict(values)
    for _sweep in range(SWEEPS):
        for line in ("row", "column"):
            groups: defaultdict[int, list[Well]] = defaultdict(list)
            for well in left:
                groups[getattr(well, line)].append(well)
            for wells in groups.values():
                middle = statistics.median(left[well] for well in wells)
                left.update({well: left[well] - middle for well in wells})
    return 1.4826 * statistics.median(abs(each) for each in left.values())


def _lines(values: Grid) -> list[tuple[str, str, frozenset[Well]]]:
    by_row: defaultdict[int, set[Well]] = defaultdict(set)
    by_column: defaultdict[int, set[Well]] = defaultdict(set)
    for well in values:
        by_row[well.row].add(well)
        by_column[well.column].add(well)
    return [
        *(("row", Well(row, 1).letters, frozenset(wells)) for row, wells in by_row.items()),
        *(("column", str(column), frozenset(wells)) for column, wells in by_column.items()),
    ]


def _effect(kind: str, name: str, part: frozenset[Well], values: Grid, noise: float) -> Effect | None:
    inside = [values[well] for well in part]
    outside = [value for well, value in values.items() if well not in part]
    if len(inside) < FEW or len(outside) < FEW:
        return None
    middle, usual = statistics.median(inside), statistics.median(outside)
    error = 1.2533 * noise * math.sqrt(1 / len(inside) + 1 / len(outside))
    off = middle - usual
    if abs(off) < SURE * error or abs(off) <= LARGE * abs(usual):
        return None
    share = off / abs(usual) if usual else math.copysign(math.inf, off)
    return Effect(kind, name, share, off / error if error else math.copysign(math.inf, off))
