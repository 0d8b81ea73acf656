"""Cuts an image of any size into overlapping tiles of one shape whose cores cover every pixel exactly once."""

import itertools
import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """One tile along one axis, in pixels of the image.

    The tile reads `start` to `start + size`, which is longer than the image only where the image is shorter than a
    tile; of its prediction only `core_start` to `core_stop` is kept.
    """

    start: int
    size: int
    core_start: int
    core_stop: int

    @property
    def core(self) -> slice:
        """Where the kept part lies in the image."""
        return slice(self.core_start, self.core_stop)

    @property
    def core_in_tile(self) -> slice:
        """Where the kept part lies in the tile."""
        return slice(self.core_start - self.start, self.core_stop - self.start)


@dataclass(frozen=True)
class Tile:
    """One tile of an image: its span of rows and its span of columns."""

    rows: Span
    columns: Span


def tiles(height: int, width: int, tile: int, overlap: int, multiple: int) -> list[Tile]:
    """Cut an image (height, width) into tiles of one shape, row by row.

    Args:
        height: Rows of the image, at least 1.
        width: Columns of the image, at least 1.
        tile: Longest edge of a tile, a multiple of `multiple`.
        overlap: Pixels that neighbours share at least, less than `tile`.
        multiple: What each edge of a tile must be divisible by.
    """
    columns = spans(width, tile, overlap, multiple)
    return [Tile(row, column) for row in spans(height, tile, overlap, multiple) for column in columns]


def spans(length: int, tile: int, overlap: int, multiple: int) -> list[Span]:
    """Cut one axis; tiles are as few as `tile` allows, then as short as their number allows, so little is done twice.

    Neighbouring cores meet in the middle of what their tiles share.
    """
    count = max(1, math.ceil((length - overlap) / (tile - overlap)))
    size = _rounded_up(math.ceil((length - overlap) / count) + overlap if count > 1 else length, multiple)
    starts = [round(index * (length - size) / (count - 1)) for index in range(count)] if count > 1 else [0]
    cuts = [(left + size + right) // 2 for left, right in itertools.pairwise(starts)]
    edges = [0, *cuts, length]
    return [Span(start, size, edges[index], edges[index + 1]) for index, start in enumerate(starts)]


def _rounded_up(length: int, multiple: int) -> int:
    return math.ceil(length / multiple) * multiple
