"""Cuts large images into windows, so that memory stays bounded, and joins the objects of all without seams."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects

from pipelines.segmentation.tiles import Span, Tile, tiles

WINDOW_PX: Final = 3072
"""Longest edge of a window as the network sees it; an image within it is one window and has no seams."""

SHARED_PX: Final = 512
"""What neighbouring windows share at least: an object up to half as large is whole in the window of its centre."""

LEAST_NEW: Final = 0.3
"""Share of an object that must be free of what is drawn; with less it is the same object, seen with another edge."""

_STEP_PX: Final = 32

Box = tuple[slice, slice]


def windows(height: int, width: int, factor: float) -> list[Tile]:
    """Cut an image (height, width) into windows, row by row; their edges are divided by the factor of its scale."""
    edge, shared = (_STEP_PX * max(1, round(px / factor / _STEP_PX)) for px in (WINDOW_PX, SHARED_PX))
    return tiles(height, width, edge, shared, _STEP_PX)


class Mosaic:
    """The labels of an image, put together from those of its windows.

    An object belongs to the window that has its box's centre in its core. Where two windows see a border between
    objects differently, each could take an object for the other's: so a window also takes what an earlier one left,
    and leaves what is drawn already. Windows come in the order of `windows`.
    """

    def __init__(self, height: int, width: int) -> None:
        self.labels: NDArray[np.int32] = np.zeros((height, width), np.int32)
        self._count = 0

    def add(self, window: Tile, found: NDArray[np.int32]) -> None:
        """Draw the objects of a window, (h, w) labels 1…n of what it reads."""
        below = self.labels[window.rows.read, window.columns.read]
        free = below == 0
        wanted = self._wanted(window, found)
        wanted &= np.bincount(found[free], minlength=len(wanted)) >= LEAST_NEW * np.bincount(found.ravel())
        numbers = np.where(wanted, self._count + np.cumsum(wanted), 0).astype(np.int32)
        self._count += int(wanted.sum())
        np.copyto(below, numbers[found], where=free)

    def _wanted(self, window: Tile, found: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Tell for each label (n + 1,) whether its object is this window's, or an earlier one's and whole here."""
        return np.array([False, *(box is not None and self._is_due(window, box) for box in find_objects(found))])

    def _is_due(self, window: Tile, box: Box) -> bool:
        row, column = (_place(span, extent) for span, extent in zip((window.rows, window.columns), box, strict=True))
        if row > 0 or (row == 0 and column > 0):
            return False  # a later window's
        if row == column == 0:
            return True
        return not _is_cut(window, box, self.labels.shape)


def _place(span: Span, extent: slice) -> int:
    """Tell whether the middle of an extent lies before (-1), in (0) or behind (1) the core of a window."""
    middle = span.start + (extent.start + extent.stop) // 2
    return int(middle >= span.core_stop) - int(middle < span.core_start)


def _is_cut(window: Tile, box: Box, shape: tuple[int, ...]) -> bool:
    """Tell whether a box touches an edge of the window that is no edge of the image."""
    return any(
        (extent.start == 0 and span.start > 0) or (extent.stop == span.size and span.start + span.size < length)
        for span, extent, length in zip((window.rows, window.columns), box, shape, strict=True)
    )
