"""Maps for networks that predict fewer than `instances` looks at: seeds from the foreground, no contacts."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.segmentation.instances import typical_diameter
from pipelines.segmentation.packages.description import Head


def completed(
    prediction: NDArray[np.float32], heads: Sequence[Head], foreground_threshold: float
) -> NDArray[np.float32]:
    """Fill the gaps that a network leaves: `label_instances` knows maps by their places.

    Args:
        prediction: (n, H, W), the maps of `heads`.
        heads: In the order of `HEADS`.
        foreground_threshold: 0..1, where objects begin.

    Returns:
        Foreground and seeds; contacts and offsets too if the network predicts offsets, contacts if it does these.
    """
    if "seed" not in heads:
        prediction = with_seeds(prediction, foreground_threshold)
    if "offset_y" in heads and "contact" not in heads:
        prediction = np.asarray(np.insert(prediction, 2, np.float32(0.0), axis=0), np.float32)
    return prediction


def with_seeds(prediction: NDArray[np.float32], foreground_threshold: float) -> NDArray[np.float32]:
    """Put a seed map behind the foreground of a prediction that has none, (n, H, W) to (n + 1, H, W).

    The map is the distance to the edge of the foreground, 1 in the middle of an object and 0 outside. An island is
    measured by its own depth, but by the typical object's where it is deeper: a small object keeps its seed beside
    large ones, and a cluster has one for each object in it.
    """
    foreground = prediction[0] >= foreground_threshold
    seeds = _depths(foreground)
    if foreground.any():
        seeds /= _full_depths(seeds, foreground)
    return np.asarray(np.insert(prediction, 1, np.minimum(seeds, 1.0), axis=0), np.float32)


def _depths(foreground: NDArray[np.bool_]) -> NDArray[np.float32]:
    # The edge of the image is no edge of an object.
    if foreground.all():
        return np.ones(foreground.shape, np.float32)
    distances = cv2.distanceTransform(foreground.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(distances, np.float32)


def _full_depths(depths: NDArray[np.float32], foreground: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The depth (H, W) that counts as an object's middle: its island's, at most the typical object's."""
    count, islands = cv2.connectedComponents(foreground.astype(np.uint8), connectivity=4)
    deepest = np.zeros(count, np.float32)
    np.maximum.at(deepest, islands.ravel(), depths.ravel())
    full: NDArray[np.float32] = np.clip(deepest, 1.0, max(1.0, typical_diameter(foreground) / 2))[islands]
    return full
