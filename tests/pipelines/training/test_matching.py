"""Matching against brute force."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from pipelines.training.matching import Matches, match

LABELS = npst.arrays(np.int32, (4, 6), elements=st.integers(0, 4))


def brute_force(true: NDArray[np.int32], pred: NDArray[np.int32], iou: float) -> Matches:
    """Try every assignment of predictions to true objects."""
    trues, preds = ([int(v) for v in np.unique(labels) if v] for labels in (true, pred))
    fits = {
        (t, p)
        for t in trues
        for p in preds
        if ((true == t) & (pred == p)).sum() >= iou * ((true == t) | (pred == p)).sum() - 1e-12
    }
    padded = preds + [-1] * len(trues)
    orders = permutations(padded, len(trues))
    tp = max(sum((t, p) in fits for t, p in zip(trues, order, strict=True)) for order in orders)
    return Matches(tp, len(preds) - tp, len(trues) - tp)


@settings(max_examples=60, deadline=None)
@given(LABELS, LABELS, st.sampled_from([0.1, 0.25, 0.5, 0.7, 0.9]))
def test_as_many_pairs_as_brute_force(true: NDArray[np.int32], pred: NDArray[np.int32], iou: float) -> None:
    assert match(true, pred, iou) == brute_force(true, pred, iou)


@settings(max_examples=60, deadline=None)
@given(LABELS)
def test_an_image_matches_itself_at_any_threshold(labels: NDArray[np.int32]) -> None:
    assert match(labels, labels, 1.0) == Matches(len(set(labels.ravel()) - {0}), 0, 0)


@settings(max_examples=60, deadline=None)
@given(LABELS, LABELS)
def test_swapping_truth_and_prediction_swaps_missed_and_invented(a: NDArray[np.int32], b: NDArray[np.int32]) -> None:
    there, back = match(a, b, 0.5), match(b, a, 0.5)
    assert (there.tp, there.fp, there.fn) == (back.tp, back.fn, back.fp)


def test_numbers_do_not_matter_and_types_may_differ() -> None:
    true = np.array([[0, 7, 7, 0, 60000, 60000]], np.uint16)
    pred = np.array([[0, 2, 2, 0, 1, 1]], np.int32)
    assert match(true, pred, 0.99) == Matches(2, 0, 0)


def test_an_object_cut_in_two_halves_counts_once_at_one_half() -> None:
    true, pred = np.array([[1, 1, 1, 1]]), np.array([[1, 1, 2, 2]])
    assert match(true, pred, 0.5) == Matches(1, 1, 0)


def test_empty_images_are_perfect_and_inventions_on_them_are_not() -> None:
    empty = np.zeros((3, 3), np.uint16)
    assert match(empty, empty, 0.5).average_precision == 1.0
    assert match(empty, np.eye(3, dtype=np.uint16), 0.5) == Matches(0, 1, 0)
    assert match(empty, np.eye(3, dtype=np.uint16), 0.5).average_precision == 0.0


def test_pooling_adds_objects() -> None:
    assert Matches(1, 2, 3) + Matches(4, 5, 6) == Matches(5, 7, 9)
    assert Matches(5, 7, 9).average_precision == pytest.approx(5 / 21)


def test_different_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        match(np.zeros((2, 2), int), np.zeros((2, 3), int), 0.5)
