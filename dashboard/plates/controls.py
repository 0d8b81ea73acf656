"""How well declared controls are told apart, and how much each kind scatters. Pure."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dashboard.plates.layers import variation_of

POSITIVE, NEGATIVE = "positive", "negative"
FEWEST: Final = 2


@dataclass(frozen=True)
class Controls:
    """What the declared controls say of a plate and a measurement.

    Attributes:
        z_prime: 1 - 3 (s+ + s-) / |mean+ - mean-| with sample standard deviations (Zhang, Chung and Oldenburg, Journal
            of Biomolecular Screening 4, 67, 1999); None without a difference.
        variations: coefficient of variation of each kind, per cent.
        wells: how many there are of each kind.
    """

    z_prime: float | None
    variations: Mapping[str, float]
    wells: Mapping[str, int]


def controls_of(declared: Mapping[str, str], values: Mapping[str, float]) -> Controls | None:
    """The controls of a plate; None unless two wells at least of both kinds are declared and have values.

    Args:
        declared: what each well is declared to be, `positive` or `negative`; empty for none.
        values: by well.
    """
    kinds = {
        kind: [values[well] for well, told in declared.items() if told == kind and well in values]
        for kind in (POSITIVE, NEGATIVE)
    }
    if any(len(each) < FEWEST for each in kinds.values()):
        return None
    varied = {kind: variation for kind, each in kinds.items() if (variation := variation_of(each)) is not None}
    wells = {kind: len(each) for kind, each in kinds.items()}
    return Controls(_z_prime(kinds[POSITIVE], kinds[NEGATIVE]), varied, wells)


def _z_prime(positive: Sequence[float], negative: Sequence[float]) -> float | None:
    window = abs(statistics.fmean(positive) - statistics.fmean(negative))
    scatter = statistics.stdev(positive) + statistics.stdev(negative)
    return 1 - 3 * scatter / window if window else None
