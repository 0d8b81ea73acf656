"""How far a score could lie off by the mere choice of images (bootstrap, Efron 1979)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from pipelines.training.scores import ImageScore

RESAMPLES, LEVEL = 2000, 0.95

Interval = tuple[float, float]


def intervals(scores: Sequence[ImageScore], resamples: int = RESAMPLES, seed: int = 1) -> dict[str, Interval | None]:
    """95 % intervals of AP at the first threshold (`ap_050`) and of the count error (`count_error`) of a pool.

    Images, not objects, are drawn anew, as objects of one image succeed or fail together. One image alone has no
    interval: None.
    """
    first = [one.matches[0] for one in scores]
    objects = [m.tp + m.fp + m.fn for m in first]
    errors = [abs(one.predicted_count - one.true_count) for one in scores]
    return {
        "ap_050": interval([m.tp for m in first], objects, 1.0, resamples, seed),
        "count_error": interval(errors, [one.true_count for one in scores], 0.0, resamples, seed),
    }


def interval(
    parts: Sequence[float], wholes: Sequence[float], empty: float, resamples: int = RESAMPLES, seed: int = 1
) -> Interval | None:
    """95 % interval (percentiles) of Σ parts / Σ wholes; `empty` stands for resamples whose wholes add up to 0."""
    if len(parts) < 2:
        return None

    def ratio(part: NDArray[Any], whole: NDArray[Any], axis: int) -> NDArray[np.float64]:
        total = whole.sum(axis=axis)
        return np.where(total > 0, part.sum(axis=axis) / np.maximum(total, 1), empty)

    drawn = stats.bootstrap(
        (np.asarray(parts), np.asarray(wholes)),
        ratio,
        n_resamples=resamples,
        paired=True,
        vectorized=True,
        confidence_level=LEVEL,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return float(drawn.low), float(drawn.high)
