"""Separate objects from the two maps a network predicts."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import watershed


@dataclass(frozen=True)
class InstanceParameters:
    """How predictions become objects; chosen on validation images and kept in the model package.

    Args:
        foreground_threshold: 0..1, at and above it a pixel belongs to an object.
        seed_threshold: 0..1, an object grows from every island of the seed map above it.
        seed_smoothing_px: least standard deviation of the Gaussian that joins broken seeds; 0 for none.
        seed_smoothing_share: the same as a share of the image's typical object diameter; the larger of both counts,
            as seeds of large objects break into pieces that are farther apart.
        minimum_area_px: smaller objects are dropped.
        lone_foreground: 0..1, foreground without any seed still becomes an object if its mean probability
            reaches this; 1 drops all such.

    Raises:
        ValueError: A value is out of its range.
    """

    foreground_threshold: float = 0.5
    seed_threshold: float = 0.5
    seed_smoothing_px: float = 1.0
    seed_smoothing_share: float = 0.05
    minimum_area_px: int = 12
    lone_foreground: float = 0.8

    def __post_init__(self) -> None:
        shares = self.foreground_threshold, self.seed_threshold, self.lone_foreground
        if not all(0.0 <= share <= 1.0 for share in shares):
            raise ValueError("foreground_threshold, seed_threshold and lone_foreground must lie between 0 and 1")
        if min(self.seed_smoothing_px, self.seed_smoothing_share, self.minimum_area_px) < 0:
            raise ValueError("seed_smoothing_px, seed_smoothing_share and minimum_area_px must not be negative")


def label_instances(prediction: NDArray[np.float32], parameters: InstanceParameters) -> NDArray[np.int32]:
    """Grow objects from their seeds by watershed (Beucher & Meyer 1993) within the foreground.

    Args:
        prediction: (2, H, W), foreground probability and seed map, both 0..1.
        parameters: thresholds and sizes.

    Returns:
        (H, W) int32, 0 background, 1..N contiguous.
    """
    foreground = prediction[0] >= parameters.foreground_threshold
    seeds = _smoothed(prediction[1], foreground, parameters)
    markers = _islands((seeds >= parameters.seed_threshold) & foreground)
    markers = _with_lone(markers, foreground, prediction[0], parameters.lone_foreground)
    if not markers.any():
        return markers
    grown = watershed(-seeds, markers, mask=foreground)
    return _without_small(grown, parameters.minimum_area_px)


def typical_diameter(foreground: NDArray[np.bool_]) -> float:
    """Diameter in pixels of the objects that make up most of a foreground (H, W), before they are separated.

    Half of a disc's pixels lie within (1 - 1/√2) of its radius from the edge, so the median depth of all foreground
    pixels tells the diameter, whether objects touch or not; 0 without any foreground.
    """
    if not foreground.any():
        return 0.0
    framed = np.pad(foreground.astype(np.uint8), 1)
    depths = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_5)[1:-1, 1:-1][foreground]
    return 2.0 * float(np.median(depths)) / (1.0 - float(np.sqrt(0.5)))


def _smoothed(
    seeds: NDArray[np.float32], foreground: NDArray[np.bool_], parameters: InstanceParameters
) -> NDArray[np.float32]:
    """Join broken seeds, at most over a tenth of the image, whatever the foreground says."""
    spread = max(parameters.seed_smoothing_px, parameters.seed_smoothing_share * typical_diameter(foreground))
    spread = min(spread, max(seeds.shape) / 10.0)
    contiguous = np.ascontiguousarray(seeds, np.float32)
    return np.asarray(cv2.GaussianBlur(contiguous, (0, 0), spread)) if spread > 0 else contiguous


def _islands(mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    return np.asarray(cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)[1], np.int32)


def _with_lone(
    markers: NDArray[np.int32], foreground: NDArray[np.bool_], probability: NDArray[np.float32], least: float
) -> NDArray[np.int32]:
    """Add foreground islands without a seed as markers of their own, if they are certain enough."""
    islands = _islands(foreground)
    size = np.bincount(islands.ravel())
    seeded = np.bincount(islands.ravel(), markers.ravel() > 0) > 0
    certainty = np.bincount(islands.ravel(), probability.ravel()) / np.maximum(size, 1)
    lone = ~seeded & (certainty >= least)
    lone[0] = False
    return np.where(lone[islands], islands + markers.max(), markers).astype(np.int32)


def _without_small(labels: NDArray[np.int32], minimum_area_px: int) -> NDArray[np.int32]:
    kept = np.bincount(labels.ravel()) >= max(minimum_area_px, 1)
    kept[0] = False
    numbers = np.where(kept, np.cumsum(kept), 0).astype(np.int32)
    relabelled: NDArray[np.int32] = numbers[labels]
    return relabelled
