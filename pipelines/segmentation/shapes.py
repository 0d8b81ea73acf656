"""Forms of objects from their runs; all formulae are those of scikit-image's `regionprops`."""

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.segmentation.outlines import outlines
from pipelines.segmentation.runs import ObjectRuns, bands

Values = NDArray[np.float64]

_AROUND = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx]
# A border pixel's share of the length, by 1 + 2 × its edge neighbours + 10 × its corner neighbours (Benkrid & Crookes).
_LENGTHS = np.zeros(50)
_LENGTHS[[5, 7, 15, 17, 25, 27]] = 1.0
_LENGTHS[[21, 33]] = np.sqrt(2.0)
_LENGTHS[[13, 23]] = (1.0 + np.sqrt(2.0)) / 2.0


def areas(objects: ObjectRuns) -> NDArray[np.int64]:
    """Give the pixels of every object (N,)."""
    return objects.total(objects.runs.length).astype(np.int64)


def centroids(objects: ObjectRuns) -> tuple[Values, Values]:
    """Give the centres of every object, y (N,) and x (N,); the middle of the first pixel is 0, 0."""
    y, x, length = _local(objects)
    area = objects.total(length)
    return objects.top + objects.total(length * y) / area, objects.left + objects.total(length * x) / area


def axes(objects: ObjectRuns) -> tuple[Values, Values]:
    """Give the major (N,) and minor (N,) axis in pixels of the ellipses with the objects' second moments."""
    y, x, length = _local(objects)
    area = objects.total(length)
    to_y, to_x = (value - (objects.total(length * value) / area)[objects.of] for value in (y, x))
    yy = objects.total(length * to_y**2) / area
    xy = objects.total(length * to_y * to_x) / area
    xx = objects.total(length * (to_x**2 + (length**2 - 1) / 12.0)) / area
    middle, spread = (yy + xx) / 2.0, np.hypot((yy - xx) / 2.0, xy)
    return 4.0 * np.sqrt(middle + spread), 4.0 * np.sqrt(np.maximum(middle - spread, 0.0))


def eccentricities(major: Values, minor: Values) -> Values:
    """Give the eccentricity of ellipses, 0 for a circle to 1 for a line."""
    ratio = np.divide(minor, major, out=np.ones_like(major), where=major > 0)
    return np.asarray(np.sqrt(1.0 - ratio**2), dtype=np.float64)


def perimeters(labels: NDArray[np.int32], objects: ObjectRuns) -> Values:
    """Give the length in pixels of every object's border (N,), its holes' included."""
    highest = int(objects.labels[-1]) if objects.count else 0
    lengths = np.zeros(highest + 1)
    for rows in bands(labels.shape):
        numbers, share = _border_shares(labels, rows)
        lengths += np.bincount(numbers, share, highest + 1)
    return np.asarray(lengths[objects.labels], dtype=np.float64)


def _local(objects: ObjectRuns) -> tuple[Values, Values, Values]:
    """Rows, middles and lengths of runs, in coordinates of their own object, so that squares stay small."""
    runs = objects.runs
    y = (runs.y - objects.top[objects.of]).astype(np.float64)
    x = (runs.start + runs.stop - 1) / 2.0 - objects.left[objects.of]
    return y, x, runs.length.astype(np.float64)


def _border_shares(labels: NDArray[np.int32], rows: slice) -> tuple[NDArray[np.int32], Values]:
    """Labels of the border pixels in some rows, and what each adds to the length of its border."""
    first, last = max(rows.start - 2, 0), min(rows.stop + 2, labels.shape[0])
    framed = cv2.copyMakeBorder(labels[first:last], 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    every, width = np.flatnonzero(outlines(framed)), framed.shape[1]
    edges = np.zeros(framed.size, np.int32)
    edges[every] = framed.reshape(-1)[every]
    within = np.searchsorted(every, ((rows.start - first + 1) * width, (rows.stop - first + 1) * width))
    where = every[slice(*within)]
    numbers = edges[where]
    code = np.ones(len(where), np.uint8)
    for dy, dx in _AROUND:
        alike = edges[where + (dy * width + dx)] == numbers
        code += alike.view(np.uint8) * np.uint8(10 if dy and dx else 2)
    return numbers, _LENGTHS[code]
