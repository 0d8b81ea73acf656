"""Objects as runs: stretches of one object's pixels in one row, of which there are far fewer than pixels."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BAND_PIXELS = 1 << 22
Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Runs:
    """All runs of a label image (H, W) in scan order; every array (R,).

    Attributes:
        label: The object, 1 or more.
        y: The row.
        start: Its first column.
        stop: The column after its last.
    """

    label: NDArray[np.int32]
    y: Indices
    start: Indices
    stop: Indices

    @property
    def length(self) -> Indices:
        """Pixels of each run."""
        return self.stop - self.start


@dataclass(frozen=True)
class ObjectRuns:
    """Runs with the objects that they belong to, numbered 0…N-1 in the order of their labels.

    Attributes:
        runs: The runs (R,).
        of: The object of each run (R,).
        labels: The objects' labels (N,).
        top: First row of each object (N,).
        left: First column of each object (N,).
    """

    runs: Runs
    of: Indices
    labels: NDArray[np.int32]
    top: Indices
    left: Indices

    @property
    def count(self) -> int:
        """Number of objects."""
        return len(self.labels)

    def total(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Sum values of runs (R,) up by object (N,)."""
        return np.asarray(np.bincount(self.of, values, self.count), dtype=np.float64)


def object_runs(labels: NDArray[np.int32]) -> ObjectRuns:
    """Find the runs and objects of labels (H, W)."""
    found = [_band_runs(labels[rows], rows.start) for rows in bands(labels.shape)]
    runs = Runs(*(np.concatenate(each) for each in zip(*found, strict=True)))
    numbers = np.flatnonzero(np.bincount(runs.label))
    of = np.searchsorted(numbers, runs.label)
    top, left = (np.full(len(numbers), np.iinfo(np.intp).max, np.intp) for _ in range(2))
    np.minimum.at(top, of, runs.y)
    np.minimum.at(left, of, runs.start)
    return ObjectRuns(runs, of, numbers.astype(np.int32), top, left)


def bands(shape: tuple[int, ...]) -> Iterator[slice]:
    """Cut the rows of an image into bands of about four million pixels, so that copies of them stay small."""
    height = max(1, BAND_PIXELS // shape[1])
    for top in range(0, shape[0], height):
        yield slice(top, min(top + height, shape[0]))


def _band_runs(labels: NDArray[np.int32], top: int) -> tuple[NDArray[np.int32], Indices, Indices, Indices]:
    width = labels.shape[1]
    begins = np.ones(labels.shape, np.bool_)
    np.not_equal(labels[:, 1:], labels[:, :-1], out=begins[:, 1:])
    starts = np.flatnonzero(begins)
    lengths = np.diff(starts, append=labels.size)
    numbers = labels.reshape(-1)[starts]
    kept = numbers > 0
    y, x = np.divmod(starts[kept], width)
    return numbers[kept], y + top, x, x + lengths[kept]
