"""From a value to one of 32 steps of a colour map, and numbers as people read them. Pure."""

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from labrelay.words import N_

STEPS: Final = 32
COLOURS: Final = {"viridis": "Viridis", "cividis": "Cividis", "diverging": N_("Diverging")}
"""Viridis and cividis are even in brightness and seen alike by all; diverging tells what lies off the middle."""
SCALES: Final = {"plate": N_("This plate"), "all": N_("All shown plates"), "fixed": N_("Fixed")}
RESCALE, CLIP = "rescale", "clip"
BOUNDS: Final = {RESCALE: N_("From least to most"), CLIP: N_("Without outliers")}
OUTERMOST: Final = 0.02
"""Share of the values at each end that count as outliers."""
DIVERGING: Final = "diverging"


@dataclass(frozen=True)
class Scale:
    """A range of values; what lies beyond gets the first or last step."""

    low: float
    high: float

    def step(self, value: float) -> int:
        """From 0 to 31."""
        span = self.high - self.low
        if not span > 0:
            return STEPS // 2
        return min(STEPS - 1, max(0, int((value - self.low) / span * STEPS)))

    def histogram(self, values: Iterable[float]) -> list[int]:
        """How many values have each step."""
        counted = Counter(self.step(value) for value in values)
        return [counted[step] for step in range(STEPS)]


def scale_of(
    values: Sequence[float], bounds: str, colours: str, low: float | None = None, high: float | None = None
) -> Scale:
    """The scale for values.

    Args:
        values: all that are shown on it.
        bounds: `rescale` or `clip`.
        colours: a diverging map has the median in its middle.
        low: where it begins in any case.
        high: where it ends in any case.
    """
    ordered = sorted(values) or [0.0]
    cut = math.floor(OUTERMOST * len(ordered)) if bounds == CLIP else 0
    first, last = ordered[cut], ordered[-1 - cut]
    if colours == DIVERGING and low is None and high is None:
        middle = statistics.median(ordered)
        reach = max(middle - first, last - middle)
        return Scale(middle - reach, middle + reach)
    return Scale(first if low is None else low, last if high is None else high)


def number_of(value: float) -> str:
    """A number in few digits: `598`, `1,204`, `0.0031`, `2.45`."""
    if value == 0 or (value.is_integer() and abs(value) < 1e6):
        return f"{value:,.0f}"
    if abs(value) >= 1e6 or abs(value) < 1e-4:
        return f"{value:.3g}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
