"""Brightness of objects and of the background that they lie on."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.segmentation.runs import ObjectRuns, bands
from pipelines.segmentation.sampling import sampled


def intensities(
    pixels: NDArray[Any], labels: NDArray[np.int32], objects: ObjectRuns, background: float | None
) -> dict[str, NDArray[Any]]:
    """Give the columns of brightness of every object, in the image's own counts; each (N,).

    What is above the background is not a number where there is no background.
    """
    lowest, highest, total = _of_runs(pixels, labels, objects)
    area = objects.total(objects.runs.length)
    mean, level = total / area, math.nan if background is None else background
    whole = pixels.dtype.kind != "f"
    return {
        "mean_intensity": mean,
        "minimum_intensity": lowest,
        "maximum_intensity": highest,
        "integrated_intensity": total.astype(np.int64) if whole else total,
        "mean_above_background": mean - level,
        "integrated_above_background": total - level * area,
    }


def background_level(pixels: NDArray[Any], labels: NDArray[np.int32]) -> float | None:
    """Give the median of the pixels outside objects, of about a million of them; None when there are none."""
    outside = sampled(pixels)[sampled(labels) == 0]
    if not len(outside):
        outside = pixels[labels == 0]
    return float(np.median(outside)) if len(outside) else None


def _of_runs(
    pixels: NDArray[Any], labels: NDArray[np.int32], objects: ObjectRuns
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.float64]]:
    """Lowest and highest value and sum of every object."""
    runs = objects.runs
    lows, highs = (np.zeros(len(runs.y), pixels.dtype) for _ in range(2))
    sums = np.zeros(len(runs.y))
    for rows in bands(labels.shape):
        here = slice(*np.searchsorted(runs.y, (rows.start, rows.stop)))
        inside = pixels[rows][labels[rows] > 0]
        begins = np.cumsum(runs.length[here]) - runs.length[here]
        if len(begins):
            np.minimum.reduceat(inside, begins, out=lows[here])
            np.maximum.reduceat(inside, begins, out=highs[here])
            np.add.reduceat(inside, begins, dtype=np.float64, out=sums[here])
    first = np.unique(objects.of, return_index=True)[1]
    lowest, highest = lows[first], highs[first]
    np.minimum.at(lowest, objects.of, lows)
    np.maximum.at(highest, objects.of, highs)
    return lowest, highest, objects.total(sums)
