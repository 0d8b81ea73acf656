"""Pieces of one object are joined, neighbours are not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipelines.segmentation.agreement import joined, neighbours

Labels = NDArray[np.int32]


def discs(*circles: tuple[int, int, int], size: int = 128) -> Labels:
    rows, columns = np.mgrid[:size, :size]
    labels = np.zeros((size, size), np.int32)
    for number, (row, column, radius) in enumerate(circles, start=1):
        labels[((rows - row) ** 2 + (columns - column) ** 2 <= radius**2) & (labels == 0)] = number
    return labels


def pointing(truth: Labels) -> NDArray[np.float32]:
    """Offsets (2, H, W) from every pixel to the centre of its true object."""
    places = np.indices(truth.shape, np.float32)
    offsets = np.zeros_like(places)
    for number in range(1, int(truth.max()) + 1):
        inside = truth == number
        offsets[:, inside] = places[:, inside].mean(axis=1, keepdims=True) - places[:, inside]
    return offsets


def cut(truth: Labels, column: int) -> Labels:
    """Labels of which everything right of a column is an object of its own."""
    pieces = truth.copy()
    pieces[:, column:][truth[:, column:] > 0] += int(truth.max())
    return pieces


@pytest.mark.parametrize("column", [52, 64, 75])
def test_halves_of_one_object_become_one(column: int) -> None:
    truth = discs((64, 64, 20))
    whole = joined(cut(truth, column), pointing(truth), 0.75)
    assert set(np.unique(whole[truth > 0])) == {whole[64, 64]}
    assert not whole[truth == 0].any()


def test_objects_that_touch_stay_two() -> None:
    truth = discs((64, 44, 20), (64, 84, 20))
    assert len(np.unique(joined(truth, pointing(truth), 0.75))) == 3


def test_a_speck_at_the_edge_of_a_large_object_stays_its_own() -> None:
    truth = discs((64, 64, 25), (64, 92, 4))
    assert len(np.unique(joined(truth, pointing(truth), 0.75))) == 3


def test_three_pieces_in_a_chain_become_one() -> None:
    truth = discs((64, 64, 30))
    pieces = truth.copy()
    pieces[:, 55:73][truth[:, 55:73] > 0] = 2
    pieces[:, 73:][truth[:, 73:] > 0] = 3
    assert len(np.unique(joined(pieces, pointing(truth), 0.75))) == 2


def test_nothing_and_a_full_image_stay_as_they_are() -> None:
    empty = np.zeros((16, 16), np.int32)
    assert not joined(empty, np.zeros((2, 16, 16), np.float32), 0.75).any()
    full = np.ones((16, 16), np.int32)
    np.testing.assert_array_equal(joined(full, np.zeros((2, 16, 16), np.float32), 0.75) > 0, full > 0)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 6), st.integers(0, 10_000))
def test_neighbours_are_the_pairs_that_share_an_edge(height: int, width: int, count: int, seed: int) -> None:
    labels = np.random.default_rng(seed).integers(0, count + 1, (height, width)).astype(np.int32)
    expected = set()
    for row in range(height):
        for column in range(width):
            for other in ((row + 1, column), (row, column + 1)):
                if other[0] < height and other[1] < width:
                    pair = sorted((int(labels[row, column]), int(labels[other])))
                    if 0 < pair[0] < pair[1]:
                        expected.add(tuple(pair))
    assert list(zip(*neighbours(labels), strict=True)) == sorted(expected)
