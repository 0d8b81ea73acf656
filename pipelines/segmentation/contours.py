"""Traces the outlines of all objects at once, exactly along the edges of their pixels."""

import numpy as np
from numpy.typing import NDArray

from pipelines.segmentation.outlines import outlines
from pipelines.segmentation.runs import Indices

Ring = NDArray[np.int64]
"""Corners (K, 2) as x and y in pixels, the first not repeated; 0, 0 is the image's corner. Objects lie on its right."""

# Sides of a pixel clockwise: top, right, bottom, left. The way along each, the way out and its first corner, as y, x.
_ALONG = np.array([(0, 1), (1, 0), (0, -1), (-1, 0)])
_OUT = np.array([(-1, 0), (0, 1), (1, 0), (0, -1)])
_START = np.array([(0, 0), (0, 1), (1, 1), (1, 0)])


def rings(labels: NDArray[np.int32]) -> list[tuple[int, Ring]]:
    """Give all rings with their labels; outer ones run clockwise on the screen, holes the other way.

    Pixels that only touch at a corner are not connected; no ring passes a corner twice.
    """
    framed = np.pad(labels, 1)
    sides, following = _linked(framed)
    if not len(sides):
        return []
    first, order = _in_turn(following)
    kept = order[_turns(sides, first, order)]
    corners = _corners(sides[kept], framed.shape[1])
    begins = np.flatnonzero(np.diff(first[kept], prepend=-1))
    numbers = framed.reshape(-1)[sides[kept[begins]] >> 2].tolist()
    pieces = np.split(corners, begins[1:])
    for ring in _touching_themselves(first[kept], corners):
        place = int(np.searchsorted(first[kept[begins]], ring))
        cut = _simple(pieces[place])
        pieces[place] = cut[0]
        pieces.extend(cut[1:])
        numbers.extend([numbers[place]] * (len(cut) - 1))
    return list(zip(numbers, pieces, strict=True))


def _linked(framed: NDArray[np.int32]) -> tuple[Indices, Indices]:
    """Sides of pixels where objects end, as 4 × pixel + side in order, and of each the place of the next one."""
    flat, width = framed.reshape(-1), framed.shape[1]
    along, out = (ways @ np.array([width, 1]) for ways in (_ALONG, _OUT))
    edge = np.flatnonzero(outlines(framed))
    free = np.stack([flat[edge + way] != flat[edge] for way in out], axis=1)
    sides = (4 * edge[:, np.newaxis] + np.arange(4))[free]
    pixel, side = sides >> 2, sides & 3
    ahead = pixel + along[side]
    beyond = ahead + out[side]
    right = flat[ahead] != flat[pixel]
    straight = ~right & (flat[beyond] != flat[pixel])
    left = 4 * beyond + (side - 1) % 4
    following = np.where(right, 4 * pixel + (side + 1) % 4, np.where(straight, 4 * ahead + side, left))
    return sides, np.searchsorted(sides, following)


def _in_turn(following: Indices) -> tuple[Indices, Indices]:
    """Give the first side of each side's ring, and all sides ring by ring in turn (Wyllie's pointer jumping)."""
    count = len(following)
    first, ahead = np.arange(count), following
    while True:
        lower = np.minimum(first, first[ahead])
        if np.array_equal(lower, first):
            break
        first, ahead = lower, ahead[ahead]
    left = (following != first).astype(np.intp)  # sides until the ring is closed
    ahead = np.where(left == 0, np.arange(count), following)
    while left[ahead].any():
        left, ahead = left + left[ahead], ahead[ahead]
    return first, np.lexsort((-left, first))


def _turns(sides: Indices, first: Indices, order: Indices) -> NDArray[np.bool_]:
    """Tell of the ordered sides which begin at a turn; the side before a ring's first is its last."""
    ring, side = first[order], sides[order] & 3
    before = np.roll(side, 1)
    begins = np.flatnonzero(np.diff(ring, prepend=-1))
    before[begins] = before[np.roll(begins, -1)]
    return np.asarray(side != before)


def _corners(sides: Indices, width: int) -> Ring:
    y, x = np.divmod(sides >> 2, width)
    start = _START[sides & 3]
    return np.stack([x + start[:, 1] - 1, y + start[:, 0] - 1], axis=1)


def _touching_themselves(ring: Indices, corners: Ring) -> list[int]:
    """Rings, of the ring of every corner, that pass a corner twice."""
    order = np.lexsort((corners[:, 0], corners[:, 1], ring))
    same = (np.diff(ring[order]) == 0) & (np.diff(corners[order], axis=0) == 0).all(axis=1)
    found: list[int] = np.unique(ring[order][1:][same]).tolist()
    return found


def _simple(ring: Ring) -> list[Ring]:
    """Cut a ring in two at every corner that it passes twice."""
    found: list[Ring] = []
    path: dict[tuple[int, ...], None] = {}
    for corner in map(tuple, ring.tolist()):
        if corner in path:
            corners = list(path)
            loop = corners[corners.index(corner) :]
            found.append(np.array(loop))
            path = dict.fromkeys(corners[: -len(loop)])
        path[corner] = None
    return [*found, np.array(list(path))]
