"""Flags images whose result deserves a second look: out of focus, saturated, bad background, empty, cut objects."""

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.images.reader import Image
from pipelines.segmentation.measurements import border_labels
from pipelines.segmentation.scale import equivalent_diameters

OUT_OF_FOCUS = "out_of_focus"
SATURATED = "saturated"
BACKGROUND_HIGH = "background_high"
BACKGROUND_UNEVEN = "background_uneven"
EMPTY = "empty"
OBJECTS_CLIPPED = "objects_clipped"

_BIT_DEPTHS = (12, 14, 16)
_BLOCKS = 8
_SAMPLES = 1_000_000
_FEW_OBJECTS = 5


@dataclass(frozen=True)
class QualityThresholds:
    """Beyond these an image is flagged.

    The defaults flag about one in fifty good fluorescence images (DSB2018 and BBBC039, training part) and the
    defocused plane z = 0 of BBBC006.

    Attributes:
        minimum_focus: Sharpness of the objects, see `focus`.
        maximum_saturated: Share of the pixels at the camera's highest value.
        maximum_background: Background's median ÷ the camera's highest value.
        maximum_unevenness: Spread of the background across the field ÷ contrast of the image.
        maximum_clipped: Share of the objects that the image's edge cuts.
    """

    minimum_focus: float = 7.0
    maximum_saturated: float = 0.005
    maximum_background: float = 0.5
    maximum_unevenness: float = 0.25
    maximum_clipped: float = 0.6


DEFAULT_THRESHOLDS = QualityThresholds()


def quality_flags(
    image: Image, labels: NDArray[np.int32], thresholds: QualityThresholds = DEFAULT_THRESHOLDS
) -> tuple[str, ...]:
    """Give the flags that an image with its labels (H, W) deserves, none for a good one."""
    pixels, background = _sampled(image.pixels), _sampled(labels) == 0
    top = full_scale(image.pixels)
    findings = {
        EMPTY: not labels.any(),
        OUT_OF_FOCUS: focus(image.pixels, labels) < thresholds.minimum_focus,
        SATURATED: bool(np.mean(pixels >= top) > thresholds.maximum_saturated),
        BACKGROUND_HIGH: _background_level(pixels, background) > thresholds.maximum_background * top,
        BACKGROUND_UNEVEN: unevenness(pixels, background) > thresholds.maximum_unevenness,
        OBJECTS_CLIPPED: clipped_share(labels) > thresholds.maximum_clipped,
    }
    return tuple(flag for flag, found in findings.items() if found)


def full_scale(pixels: NDArray[Any]) -> float:
    """Give the camera's highest value: of the fewest usual bits that hold the brightest pixel, 12 of 16 for example.

    Float images have none: infinite.
    """
    if pixels.dtype.kind == "f":
        return float("inf")
    if pixels.dtype.itemsize == 1:
        return 255.0
    brightest = int(pixels.max())
    return float(next(2**bits - 1 for bits in _BIT_DEPTHS if brightest < 2**bits))


def focus(pixels: NDArray[Any], labels: NDArray[np.int32]) -> float:
    """Tell how sharp the objects are: about 27 for steps, towards 1 for blur; infinite without objects.

    The Laplacian's variance (Pech-Pacheco et al., ICPR 2000) where the objects are, after smoothing with a twelfth of
    their diameter, ÷ the same after smoothing with a quarter. An edge narrower than the smoothing σ gives a variance in
    proportion to σ⁻³, so steps give 3³; an edge wider than both gives nearly the same twice. Independent of gain,
    offset and scale.
    """
    diameters = equivalent_diameters(labels)
    if not len(diameters):
        return float("inf")
    fine = max(1.0, float(np.median(diameters)) / 12)
    around = cv2.dilate((labels > 0).astype(np.uint8), np.ones((3, 3), np.uint8), iterations=2) > 0
    values = pixels.astype(np.float32)
    coarse_bend = _bend(values, 3 * fine, around)
    return _bend(values, fine, around) / coarse_bend if coarse_bend > 0 else 0.0


def _bend(values: NDArray[np.float32], sigma: float, where: NDArray[np.bool_]) -> float:
    smooth = cv2.GaussianBlur(values, (0, 0), sigma)
    return float(cv2.Laplacian(smooth, cv2.CV_32F)[where].var())


def unevenness(pixels: NDArray[Any], background: NDArray[np.bool_]) -> float:
    """Compare the background's spread over 8 × 8 blocks of the field with the image's contrast; 0 without objects.

    The contrast is the range of the whole image between its 0.5th and 99.5th percentile.
    """
    if background.all() or not background.any():
        return 0.0
    low, high = np.percentile(_block_medians(pixels, background), (5, 95))
    darkest, brightest = np.percentile(pixels, (0.5, 99.5))
    return float((high - low) / (brightest - darkest)) if brightest > darkest else 0.0


def clipped_share(labels: NDArray[np.int32]) -> float:
    """Give the share of the objects that the image's edge cuts; 0 with fewer than five objects."""
    count = len(equivalent_diameters(labels))
    return len(border_labels(labels)) / count if count >= _FEW_OBJECTS else 0.0


def _sampled(pixels: NDArray[Any]) -> NDArray[Any]:
    # About a million pixels tell levels and shares as well as all of them do.
    step = max(1, math.isqrt(pixels.size // _SAMPLES))
    return pixels[::step, ::step]


def _background_level(pixels: NDArray[Any], background: NDArray[np.bool_]) -> float:
    return float(np.median(pixels[background])) if background.any() else 0.0


def _block_medians(pixels: NDArray[Any], background: NDArray[np.bool_]) -> NDArray[np.float64]:
    rows = np.array_split(np.arange(pixels.shape[0]), _BLOCKS)
    columns = np.array_split(np.arange(pixels.shape[1]), _BLOCKS)
    blocks = [np.ix_(row, column) for row in rows for column in columns if len(row) and len(column)]
    return np.array([np.median(pixels[block][background[block]]) for block in blocks if background[block].any()])
