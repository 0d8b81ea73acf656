"""Decides at what size the network should see an image whose objects are larger or smaller than those it knows."""

import math
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import relabel_sequential

from pipelines.segmentation.package import ModelScale

ScaleSource = Literal["given", "pixel size", "estimated", "as is"]

# Within this ratio the network copes by itself, and resampling would only cost time and sharpness.
TOLERATED_RATIO = 1.6
# Fewer objects than this say too little about the typical diameter.
_ENOUGH_OBJECTS = 3
_SMALLEST_FACTOR, _LARGEST_FACTOR = 0.1, 4.0


@dataclass(frozen=True)
class Scale:
    """How an image is resized for the network.

    Attributes:
        factor: Edge length that the network sees ÷ edge length of the image.
        source: What the decision rests on.
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


def estimated_scale(model: ModelScale, labels: NDArray[np.int32]) -> Scale:
    """Decide from the objects of a first pass at the image's own size; cautious, "as is" in every case of doubt."""
    diameters = equivalent_diameters(labels)
    if len(diameters) < _ENOUGH_OBJECTS:
        return Scale(1.0, "as is")
    factor = _factor(model, typical_diameter(diameters))
    return Scale(factor, "as is" if factor == 1.0 else "estimated")


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
    areas = np.bincount(labels.ravel())[1:]
    return np.asarray(np.sqrt(4.0 * areas[areas > 0] / np.pi), dtype=np.float64)


def resized(pixels: NDArray[Any], factor: float) -> NDArray[Any]:
    """Resize an image (H, W) by a factor, averaging when it shrinks."""
    height, width = (max(1, round(edge * factor)) for edge in pixels.shape)
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=way))


def labels_resized(labels: NDArray[np.int32], shape: tuple[int, int]) -> NDArray[np.int32]:
    """Bring labels to another shape (H, W) and number them 1…N again, as tiny objects can vanish."""
    height, width = shape
    moved = cv2.resize(labels, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    return np.asarray(relabel_sequential(np.asarray(moved))[0], dtype=np.int32)


def _factor(model: ModelScale, diameter_px: float) -> float:
    """Bring a diameter to the nearest that suits the network: from its median to the middle of its range."""
    middle = math.sqrt(model.minimum_diameter_px * model.maximum_diameter_px)
    lowest, highest = sorted((model.median_diameter_px, middle))
    factor = min(max(diameter_px, lowest), highest) / diameter_px
    if 1 / TOLERATED_RATIO <= factor <= TOLERATED_RATIO:
        return 1.0
    return min(max(factor, _SMALLEST_FACTOR), _LARGEST_FACTOR)
