"""Cuts an image of any size into overlapping tiles of one shape whose cores cover every pixel exactly once."""

import itertools
import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """One tile along one axis, in pixels of the image.

    The tile reads `start` to `start + size`, which may end behind the image by less than the network's multiple, or by
    more where the image is shorter than that; of its prediction only `core_start` to `core_stop` is kept.
    """

    start: int
    size: int
    core_start: int
    core_stop: int

    @property
    def read(self) -> slice:
        """What the tile reads of the image; Python's slices end with the image."""
        return slice(self.start, self.start + self.size)

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


def tiles(height: int, width: int, tile: int, overlap: int, multiple: int, at_least: int = 1) -> list[Tile]:
    """Cut an image (height, width) into tiles of one shape, row by row.

    Args:
        height: Rows of the image, at least 1.
        width: Columns of the image, at least 1.
        tile: Longest edge of a tile, a multiple of `multiple`.
        overlap: Pixels that neighbours share at least, less than `tile` by `multiple` or more; else less is shared.
        multiple: What each edge and each corner of a tile is divisible by. A network that halves its image sees the
            same pixels together in every tile then, which is what makes tiles agree.
        at_least: Tiles wanted, for as many to be computed at once; none becomes much shorter than two and a half
            overlaps for that, as too much would be done twice.
    """
    rows, columns = spans(height, tile, overlap, multiple), spans(width, tile, overlap, multiple)
    if len(rows) * len(columns) < at_least:
        rows = _parts(height, math.ceil(math.sqrt(at_least)), tile, overlap, multiple)
        columns = _parts(width, math.ceil(at_least / len(rows)), tile, overlap, multiple)
    return [Tile(row, column) for row in rows for column in columns]


def _parts(length: int, wanted: int, tile: int, overlap: int, multiple: int) -> list[Span]:
    shortest = math.ceil(5 * overlap / 2)
    longest = _rounded_up(max(shortest, math.ceil(length / wanted) + overlap), multiple)
    return spans(length, min(tile, longest), overlap, multiple)


def spans(length: int, tile: int, overlap: int, multiple: int) -> list[Span]:
    """Cut one axis; tiles are as few as `tile` allows, then as short as their number allows, so little is done twice.

    Neighbouring cores meet in the middle of what their tiles share.
    """
    whole, longest = math.ceil(length / multiple), tile // multiple
    shared = min(math.ceil(overlap / multiple), longest - 1)
    count = max(1, math.ceil((whole - shared) / (longest - shared)))
    size = math.ceil((whole - shared) / count) + shared if count > 1 else whole
    starts = [multiple * round(index * (whole - size) / max(count - 1, 1)) for index in range(count)]
    cuts = [(left + size * multiple + right) // 2 for left, right in itertools.pairwise(starts)]
    edges = [0, *cuts, length]
    return [Span(start, size * multiple, edges[index], edges[index + 1]) for index, start in enumerate(starts)]


def _rounded_up(length: int, multiple: int) -> int:
    return math.ceil(length / multiple) * multiple
