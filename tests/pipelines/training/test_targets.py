"""What the network shall predict can be turned back into the labels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipelines.segmentation.instances import InstanceParameters, label_instances
from pipelines.training.matching import Matches, match
from pipelines.training.targets import targets
from tests.pipelines.training.specimen import labelled_discs

PARAMETERS = InstanceParameters(seed_smoothing_px=0.0, seed_smoothing_share=0.0, seed_threshold=0.6)
GRID = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(4, 14)), max_size=9, unique_by=lambda cell: cell[:2]
)


def on_grid(cells: list[tuple[int, int, int]]) -> NDArray[np.int32]:
    return labelled_discs(*((16 + 32 * row, 16 + 32 * column, radius) for row, column, radius in cells))


@settings(max_examples=40, deadline=None)
@given(GRID)
def test_labels_come_back_from_their_targets(cells: list[tuple[int, int, int]]) -> None:
    labels = on_grid(cells)
    found = label_instances(targets(labels), PARAMETERS)
    assert match(labels, found, 1.0) == Matches(len(cells), 0, 0)


@settings(max_examples=40, deadline=None)
@given(GRID)
def test_values_lie_between_zero_and_one_and_every_object_peaks_at_one(cells: list[tuple[int, int, int]]) -> None:
    labels = on_grid(cells)
    foreground, seed = targets(labels)
    np.testing.assert_array_equal(foreground, labels > 0)
    assert seed.min() >= 0.0
    assert not seed[labels == 0].any()
    for number in range(1, len(cells) + 1):
        assert seed[labels == number].max() == 1.0


def test_touching_objects_have_a_low_seam_and_come_back() -> None:
    labels = labelled_discs((64, 40, 20), (64, 80, 20))
    maps = targets(labels)
    assert maps[1, 64, 40] > 0.9
    assert maps[1, 64, 59:62].max() < 0.15
    assert match(labels, label_instances(maps, PARAMETERS), 0.95).tp == 2


def test_an_object_cut_by_the_border_peaks_at_the_border() -> None:
    seed = targets(labelled_discs((64, 0, 20)))[1]
    assert seed[64, 0] == pytest.approx(1.0)


def test_blank_and_full_images_have_finite_targets() -> None:
    assert not targets(np.zeros((32, 32), np.int32)).any()
    full = targets(np.ones((32, 32), np.int32))
    assert np.isfinite(full).all()
    assert full.min() >= 0.0
    assert full.max() == 1.0
