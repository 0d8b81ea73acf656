"""A part of an image that tells levels and shares as well as all of it, and its sizes for the network and for eyes."""

import math
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

MILLION: Final = 1_000_000


def sampled(pixels: NDArray[Any], enough: int = MILLION) -> NDArray[Any]:
    """Take every n-th row and column of (…, H, W), so that about `enough` pixels of each plane are left."""
    step = max(1, math.isqrt(pixels.shape[-1] * pixels.shape[-2] // enough))
    return pixels[..., ::step, ::step]


def resized(pixels: NDArray[Any], factor: float) -> NDArray[Any]:
    """Resize an image (H, W) by a factor, averaging when it shrinks."""
    return _resized(pixels, factor, cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR)


def labels_resized(labels: NDArray[np.int32], factor: float) -> NDArray[np.int32]:
    """Resize labels (H, W) by a factor; no label is made up, tiny objects may vanish."""
    return _resized(labels, factor, cv2.INTER_NEAREST_EXACT)


def _resized(plane: NDArray[Any], factor: float, way: int) -> NDArray[Any]:
    if factor == 1.0:
        return plane
    height, width = (max(1, round(edge * factor)) for edge in plane.shape)
    return np.asarray(cv2.resize(plane, (width, height), interpolation=way))
