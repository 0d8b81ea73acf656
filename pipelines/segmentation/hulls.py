"""Convex hulls of all objects at once, as scikit-image defines them: around the diamonds that pixels are."""

import numpy as np
from numpy.typing import NDArray

from pipelines.segmentation.runs import Indices, ObjectRuns

# Hulls pass through rational numbers; closer than this to a pixel's middle they pass through it.
_ON_THE_LINE = 1e-7


def hull_areas(objects: ObjectRuns) -> NDArray[np.int64]:
    """Give the pixels whose middles lie within or on the convex hull of every object (N,).

    A hull is two chains of points, on its left and on its right. All chains stand in one array, the rows of each object
    below those of the one before, and lose in every pass all points that can't be corners.
    """
    of, y, left, right = _extents(objects)
    height = np.zeros(objects.count, np.intp)
    np.maximum.at(height, of, y + 1)
    base = np.cumsum(height + 2) - height - 2
    rows = np.repeat(base, height) + _counting(height)
    starts = _chain(of, base[of] + y, left, rows)
    stops = -_chain(of, base[of] + y, -right, rows)
    wide = np.floor(stops + _ON_THE_LINE) - np.ceil(starts - _ON_THE_LINE) + 1.0
    return np.bincount(np.repeat(np.arange(objects.count), height), wide, objects.count).astype(np.int64)


def _extents(objects: ObjectRuns) -> tuple[Indices, Indices, Indices, Indices]:
    """Objects, rows within them, first and last columns of all rows in which objects have pixels."""
    runs = objects.runs
    order = np.lexsort((runs.y, objects.of))
    of, y = objects.of[order], runs.y[order]
    first = np.ones(len(of), np.bool_)
    first[1:] = (np.diff(of) > 0) | (np.diff(y) > 0)
    begins = np.flatnonzero(first)
    if not len(begins):
        return of, y, runs.start, runs.stop
    left = np.minimum.reduceat(runs.start[order], begins)
    right = np.maximum.reduceat(runs.stop[order], begins) - 1
    return of[begins], (y - objects.top[of])[begins], left, right


def _counting(lengths: Indices) -> Indices:
    """0, 1, 2, … for each length, one after the other."""
    return np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)


def _chain(of: Indices, y: Indices, x: Indices, rows: Indices) -> NDArray[np.float64]:
    """Where the hulls of pixels at (y, x) begin in rows, x from the left; in half pixels all corners are whole."""
    if not len(of):
        return np.zeros(0)
    of = np.repeat(of, 4)
    y = (2 * y[:, np.newaxis] + (-1, 0, 0, 1)).ravel()
    x = (2 * x[:, np.newaxis] + (0, -1, 1, 0)).ravel()
    order = np.lexsort((x, y))
    kept = order[np.diff(y[order], prepend=-2) > 0]
    while len(kept) < len(y):
        of, y, x = of[kept], y[kept], x[kept]
        kept = _corners(of, y, x)
    return np.asarray(np.interp(2.0 * rows, y, x) / 2.0, dtype=np.float64)


def _corners(of: Indices, y: Indices, x: Indices) -> Indices:
    """Points that lie left of the line between their neighbours, and the ends of chains."""
    corner = np.ones(len(y), np.bool_)
    inner = (of[2:] == of[:-2]) & ((x[1:-1] - x[:-2]) * (y[2:] - y[:-2]) >= (x[2:] - x[:-2]) * (y[1:-1] - y[:-2]))
    corner[1:-1] = ~inner
    return np.flatnonzero(corner)
