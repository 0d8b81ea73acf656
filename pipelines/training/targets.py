"""What the network shall predict, made from labels."""

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage


def targets(labels: NDArray[np.int32]) -> NDArray[np.float32]:
    """Foreground and seed map of labelled objects.

    Args:
        labels: (H, W), 0 background, 1..N contiguous.

    Returns:
        (2, H, W) float32: channel 0 is 1 inside objects; channel 1 is the distance to the object's own edge
        divided by the object's largest, so that small and large objects all peak at 1 and seams between touching
        objects stay low.
    """
    foreground = (labels > 0).astype(np.float32)
    inner = ((labels > 0) & ~_edges(labels)).astype(np.uint8)
    # The frame keeps OpenCV from returning "infinite" where an object fills the whole image.
    framed = cv2.copyMakeBorder(inner, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    reach = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    distance = (np.minimum(reach, max(labels.shape)) + 1.0) * foreground
    return np.stack([foreground, distance / _largest(distance, labels)]).astype(np.float32)


def _edges(labels: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Pixels with a neighbour (of four) in another object or the background; the image border is no edge."""
    edges = np.zeros(labels.shape, np.bool_)
    down, right = labels[1:] != labels[:-1], labels[:, 1:] != labels[:, :-1]
    edges[1:] |= down
    edges[:-1] |= down
    edges[:, 1:] |= right
    edges[:, :-1] |= right
    return edges


def _largest(distance: NDArray[np.float32], labels: NDArray[np.int32]) -> NDArray[np.float32]:
    count = int(labels.max(initial=0))
    peaks = np.ones(count + 1, np.float32)
    if count:
        peaks[1:] = ndimage.maximum(distance, labels, np.arange(1, count + 1))
    return np.maximum(peaks, 1.0)[labels]
