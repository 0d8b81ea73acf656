"""Glimpses of an image: the few parts, at the size that the network saw them, by which quality control judges all."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.segmentation.sampling import labels_resized, resized, sampled

Grey = NDArray[np.float32]
Labels = NDArray[np.int32]
Window = tuple[slice, slice]

SIDE_PX = 320
MOST = 4
SAMPLES = 250_000
LOW, HIGH = 1.0, 99.8
_BLACKEST, _WHITEST = -1.0, 4.0
_PROBES = 32
_FINITE = 1e30


@dataclass(frozen=True)
class Glimpse:
    """A part of an image.

    Attributes:
        grey: (h, w) float32, the whole image's 1st percentile is 0 and its 99.8th is 1; clipped to -1…4.
        labels: (h, w) int32, 0 background.
    """

    grey: Grey
    labels: Labels


def glimpses(pixels: NDArray[Any], labels: Labels, factor: float) -> list[Glimpse]:
    """Cut an image (H, W) to a few squares that hold few, some and many objects; a small image is taken whole.

    Args:
        pixels: (H, W), as recorded.
        labels: (H, W), objects found in it.
        factor: Edge length that the network saw ÷ edge length of the image.
    """
    low, high = np.percentile(sampled(pixels, SAMPLES), (LOW, HIGH))
    span = max(float(high - low), float(np.finfo(np.float32).tiny))
    return [_glimpse(pixels[window], labels[window], factor, float(low), span) for window in _windows(labels, factor)]


def _windows(labels: Labels, factor: float) -> Iterator[Window]:
    height, width = labels.shape
    if height * width * factor**2 <= MOST * SIDE_PX**2:
        yield slice(0, height), slice(0, width)
        return
    side = max(1, math.ceil(SIDE_PX / factor))
    squares = [(row, column) for row in _spans(height, side) for column in _spans(width, side)]
    covered = [_covered(labels[square], side) for square in squares]
    ordered = [index for index in np.argsort(covered, kind="stable") if covered[index] > 0] or [0]
    for place in np.unique(np.linspace(0, len(ordered) - 1, MOST).round().astype(int)):
        yield squares[ordered[place]]


def _spans(length: int, side: int) -> list[slice]:
    count = max(1, length // side)
    starts = [round(index * max(0, length - side) / max(count - 1, 1)) for index in range(count)]
    return [slice(start, min(length, start + side)) for start in starts]


def _covered(labels: Labels, side: int) -> int:
    step = max(1, side // _PROBES)
    return int(np.count_nonzero(labels[::step, ::step]))


def _glimpse(pixels: NDArray[Any], labels: Labels, factor: float, low: float, span: float) -> Glimpse:
    # Where nearly all pixels have one value, float32 would become infinite, and NaN once it is resized.
    grey = np.clip((pixels.astype(np.float64) - low) / span, -_FINITE, _FINITE).astype(np.float32)
    return Glimpse(np.clip(resized(grey, factor), _BLACKEST, _WHITEST), labels_resized(labels, factor))
