"""What the network shall predict, made from labels, and how much each pixel counts."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipelines.segmentation.outlines import outlines

HEADS = ("foreground", "seed", "contact", "offset_y", "offset_x")
PROBABILITIES = 3
"""So many heads, the first ones, are probabilities."""

OFFSET_UNIT_PX = 16.0
"""Offsets are learnt in this unit, so that they are about as large as the other maps' values."""

# Objects below so many pixels count more than their few pixels would make them, at most so many times.
_COMMON_AREA_PX, _MOST_IMPORTANCE = 300.0, 4.0
_SMALLEST_RADIUS_PX = 2.0

Map = NDArray[np.float32]
Labels = NDArray[np.int32]


@dataclass(frozen=True)
class Targets:
    """Of one crop, each (…, H, W) float32.

    Attributes:
        maps: (5, H, W) in the order of `HEADS`: 1 inside objects; distance to the object's own edge ÷ its largest;
            1 where another object is at most one pixel away; rows and columns to the object's centre in units of
            `OFFSET_UNIT_PX`.
        importance: weight of a pixel, 1 or more.
        precision: `OFFSET_UNIT_PX` ÷ radius of the pixel's object, 0 outside: an error of a tenth of a radius costs the
            same in small and large objects.
    """

    maps: Map
    importance: Map
    precision: Map


def targets(labels: Labels) -> Targets:
    """What the network shall predict for labels (H, W), 0 background, 1..N contiguous."""
    labels = np.ascontiguousarray(labels, np.int32)
    foreground = labels > 0
    areas = np.maximum(np.bincount(labels.ravel(), minlength=1), 1)
    maps = np.stack([foreground, _depth(labels), _contact(labels), *_offsets(labels, areas)]).astype(np.float32)
    radii = np.maximum(np.sqrt(areas / np.pi), _SMALLEST_RADIUS_PX)
    precision = np.where(foreground, (OFFSET_UNIT_PX / radii)[labels], 0.0)
    return Targets(maps, _importance(labels, areas), precision.astype(np.float32))


def _depth(labels: Labels) -> Map:
    """Peaks at 1 in small and large objects alike, and stays low along seams between touching ones."""
    foreground = (labels > 0).astype(np.float32)
    inner = ((labels > 0) & ~outlines(labels)).astype(np.uint8)
    # The frame keeps OpenCV from returning "infinite" where an object fills the whole image.
    framed = cv2.copyMakeBorder(inner, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    reach = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    distance = (np.minimum(reach, max(labels.shape)) + 1.0) * foreground
    largest = ndimage.maximum(distance, labels, np.arange(int(labels.max(initial=0)) + 1))
    return np.asarray(distance / np.maximum(largest, 1.0)[labels], np.float32)


def _contact(labels: Labels) -> NDArray[np.bool_]:
    """Pixels of objects with another object among their eight neighbours."""
    numbers = labels.astype(np.float32)
    around = np.ones((3, 3), np.uint8)
    highest = cv2.dilate(numbers, around)
    lowest = cv2.erode(np.where(labels > 0, numbers, np.float32(np.inf)), around)
    return np.asarray((labels > 0) & (highest != lowest), np.bool_)


def _offsets(labels: Labels, areas: NDArray[np.int64]) -> list[Map]:
    places = np.indices(labels.shape, np.float32)
    offsets = []
    for place in places:
        centres = np.bincount(labels.ravel(), place.ravel(), len(areas)) / areas
        offsets.append(np.where(labels > 0, (centres.astype(np.float32)[labels] - place) / OFFSET_UNIT_PX, 0.0))
    return offsets


def _importance(labels: Labels, areas: NDArray[np.int64]) -> Map:
    """Small objects count more, and half as much so does the background around them."""
    weights = np.clip(np.sqrt(_COMMON_AREA_PX / areas), 1.0, _MOST_IMPORTANCE).astype(np.float32)
    weights[0] = 0.0
    inside = weights[labels]
    around = np.maximum(0.5 * cv2.dilate(inside, np.ones((5, 5), np.uint8)), 1.0)
    return np.where(labels > 0, inside, around).astype(np.float32)
