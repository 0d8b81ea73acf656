"""Draws the overlay for eyes: the image in grey, every object outlined in its own colour, count and scale bar.

A picture is drawn as numbers of colours (`picture.Palette`), of which the first are the greys from black to white.
"""

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.images.reader import Image
from pipelines.segmentation.captions import write_count, write_scale
from pipelines.segmentation.outlines import outlines
from pipelines.segmentation.picture import COLOURS, GREYS, Picture
from pipelines.segmentation.sampling import labels_resized, resized, sampled

MAX_SIDE = 2048
_MIN_SIDE = 512
_STRETCH = (0.5, 99.8)
_LARGE_SIDE = 1000
"""Pictures from this size on are mostly looked at reduced, and get outlines of two pixels."""


def draw_overlay(image: Image, labels: NDArray[np.int32], count: int, max_side: int = MAX_SIDE) -> Picture:
    """Draw a picture (h, w), its longest side at most `max_side`; small images are enlarged by a whole number."""
    factor = _factor(labels.shape, max_side)
    low, high = np.percentile(sampled(image.pixels), _STRETCH)
    shown = _stretched(resized(image.pixels, factor), float(low), float(high))
    small = labels_resized(labels, factor)
    edges = _thick(small) if max(small.shape) >= _LARGE_SIDE else outlines(small)
    shown[edges] = GREYS + small[edges] % len(COLOURS)
    write_count(shown, count, factor)
    if image.pixel_size_um is not None:
        write_scale(shown, image.pixel_size_um / factor)
    return shown


def _factor(shape: tuple[int, ...], max_side: int) -> float:
    longest = max(shape)
    if longest >= _MIN_SIDE:
        return min(1.0, max_side / longest)
    return float(math.ceil(_MIN_SIDE / longest))


def _thick(labels: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Mark edges of objects two pixels wide, inwards, so that touching objects keep lines of their own."""
    wide = cv2.dilate(outlines(labels).view(np.uint8), np.ones((3, 3), np.uint8))
    return np.asarray(wide.view(np.bool_) & (labels > 0), dtype=np.bool_)


def _stretched(pixels: NDArray[Any], low: float, high: float) -> Picture:
    """Spread intensities over the greys; what lies beyond the limits becomes black or white."""
    slope = (GREYS - 1) / max(high - low, 1e-6)
    between = np.clip(pixels, pixels.dtype.type(low), pixels.dtype.type(high))
    shifted = cv2.convertScaleAbs(between, alpha=slope, beta=-float(between.dtype.type(low)) * slope)
    return np.asarray(np.minimum(shifted, GREYS - 1, out=shifted), dtype=np.uint8)
