"""Decides at what size the network should see an image whose objects are larger or smaller than those it knows."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.segmentation.package import ModelScale
from pipelines.segmentation.runs import bands

ScaleSource = Literal["given", "pixel size", "estimated", "usual size", "as is"]

# Looks that differ by more than this ratio contradict each other.
_AGREED_RATIO = 2.0
# Fewer objects than this say too little about the typical diameter.
_ENOUGH_OBJECTS = 3
_SMALLEST_FACTOR, _LARGEST_FACTOR = 0.1, 4.0
_MOST_LOOKS = 3


@dataclass(frozen=True)
class Scale:
    """How an image is resized for the network.

    Attributes:
        factor: Edge length that the network sees ÷ edge length of the image.
        source: What the decision rests on: a diameter in pixels that was given; one in µm with the image's pixel size;
            an estimate from the image itself; the model's usual diameter in µm with the pixel size, where the image
            holds too few objects to tell; or nothing, and the image is taken as it is.
    """

    factor: float
    source: ScaleSource


def known_scale(
    model: ModelScale, diameter_px: float | None, diameter_um: float | None, pixel_size_um: float | None
) -> Scale | None:
    """Decide from a given typical diameter, in pixels or in µm with the pixel size; None when neither is known."""
    if diameter_px is not None:
        return Scale(_factor(model, diameter_px), "given")
    if diameter_um is not None and pixel_size_um is not None:
        return Scale(_factor(model, diameter_um / pixel_size_um), "pixel size")
    return None


def searched_scale(
    model: ModelScale, diameters: Callable[[float], NDArray[np.float64]], pixel_size_um: float | None = None
) -> Scale:
    """Decide by looking: at the image's own size, then at the size that the objects seen there suggest, and so on.

    Objects far too large for the network are seen torn, so that the first look tells the direction only. Where a look
    contradicts the one before, it is in doubt.

    Args:
        model: The sizes that the network knows.
        diameters: Gives the diameters in pixels of the image (N,) of the objects that the network sees at a factor.
        pixel_size_um: The image's, when known.
    """
    scale = estimated_scale(model, diameters(1.0))
    for _ in range(_MOST_LOOKS - 1):
        if scale is None or scale.factor == 1.0:
            break
        seen = estimated_scale(model, diameters(scale.factor))
        if seen is not None and 1 / _AGREED_RATIO <= seen.factor / scale.factor <= _AGREED_RATIO:
            return _refined(model, scale, seen)
        agreed = seen is not None and (seen.factor < scale.factor < 1.0 or seen.factor > scale.factor > 1.0)
        scale = seen if agreed else None
    return scale or _usual_scale(model, pixel_size_um)


def _refined(model: ModelScale, first: Scale, second: Scale) -> Scale:
    """The second look saw the objects at about the right size and knows better; a small step isn't worth a third."""
    tolerated = 1 / model.tolerated_ratio <= second.factor / first.factor <= model.tolerated_ratio
    return first if tolerated else second


def estimated_scale(model: ModelScale, diameters: NDArray[np.float64]) -> Scale | None:
    """Decide from the diameters in pixels (N,) of the objects of a look; None when they are too few to tell."""
    if len(diameters) < _ENOUGH_OBJECTS:
        return None
    factor = _factor(model, typical_diameter(diameters))
    return Scale(factor, "as is" if factor == 1.0 else "estimated")


def _usual_scale(model: ModelScale, pixel_size_um: float | None) -> Scale:
    if model.usual_diameter_um is None or pixel_size_um is None:
        return Scale(1.0, "as is")
    return Scale(_factor(model, model.usual_diameter_um / pixel_size_um), "usual size")


def typical_diameter(diameters: NDArray[np.float64]) -> float:
    """Give the median of diameters (N,), N ≥ 1, weighted by themselves.

    A network tears objects that are too large for it into many small pieces and a few large ones. The plain median then
    shows a piece, the weighted one still shows the object; weights by area would let a single speck of dirt decide.
    """
    ordered = np.sort(diameters)
    weights = np.cumsum(ordered)
    return float(ordered[np.searchsorted(weights, weights[-1] / 2)])


def equivalent_diameters(labels: NDArray[np.int32]) -> NDArray[np.float64]:
    """Diameters in pixels of the circles with the objects' areas, in the order of the labels."""
    areas = _areas(labels)[1:]
    return np.asarray(np.sqrt(4.0 * areas[areas > 0] / np.pi), dtype=np.float64)


def _areas(labels: NDArray[np.int32]) -> NDArray[np.int64]:
    """Count the pixels of each label, 0 first; band by band, as NumPy counts in a copy of twice the size."""
    areas = np.zeros(int(labels.max(initial=0)) + 1, np.int64)
    for rows in bands(labels.shape):
        areas += np.bincount(labels[rows].ravel(), minlength=len(areas))
    return areas


def labels_brought_to(labels: NDArray[np.int32], shape: tuple[int, int]) -> NDArray[np.int32]:
    """Bring labels to another shape (H, W) and number them 1…N again, as tiny objects can vanish."""
    height, width = shape
    moved = np.asarray(cv2.resize(labels, (width, height), interpolation=cv2.INTER_NEAREST_EXACT))
    left = _areas(moved) > 0
    left[0] = False
    numbers = np.where(left, np.cumsum(left), 0).astype(np.int32)
    return np.asarray(numbers[moved], np.int32)


def _factor(model: ModelScale, diameter_px: float) -> float:
    """Bring a diameter to the nearest that suits the network: from its median to the middle of its range."""
    middle = math.sqrt(model.minimum_diameter_px * model.maximum_diameter_px)
    lowest, highest = sorted((model.median_diameter_px, middle))
    factor = min(max(diameter_px, lowest), highest) / diameter_px
    if 1 / model.tolerated_ratio <= factor <= model.tolerated_ratio:
        return 1.0
    return min(max(factor, _SMALLEST_FACTOR), _LARGEST_FACTOR)
