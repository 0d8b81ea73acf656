"""What the network shall predict can be turned back into the labels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipelines.segmentation.instances import InstanceParameters, label_instances
from pipelines.segmentation.packages.description import HEADS
from pipelines.training import targets as made
from pipelines.training.matching import Matches, match
from pipelines.training.targets import OFFSET_UNIT_PX, targets
from tests.pipelines.training.specimen import labelled_discs, predicted

PARAMETERS = InstanceParameters(
    seed_smoothing_px=0.0, seed_smoothing_share=0.0, seed_threshold=0.6, contact_weight=0.3, agreement=0.75
)
GRID = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(4, 14)), max_size=9, unique_by=lambda cell: cell[:2]
)


def on_grid(cells: list[tuple[int, int, int]]) -> NDArray[np.int32]:
    return labelled_discs(*((16 + 32 * row, 16 + 32 * column, radius) for row, column, radius in cells))


def test_maps_come_in_the_order_that_packages_name() -> None:
    assert made.HEADS == HEADS


@settings(max_examples=40, deadline=None)
@given(GRID)
def test_labels_come_back_from_their_targets(cells: list[tuple[int, int, int]]) -> None:
    labels = on_grid(cells)
    found = label_instances(predicted(labels), PARAMETERS)
    assert match(labels, found, 1.0) == Matches(len(cells), 0, 0)


@settings(max_examples=40, deadline=None)
@given(GRID)
def test_probabilities_lie_between_zero_and_one_and_every_object_peaks_at_one(
    cells: list[tuple[int, int, int]],
) -> None:
    labels = on_grid(cells)
    foreground, seed, contact = targets(labels).maps[:3]
    np.testing.assert_array_equal(foreground, labels > 0)
    assert seed.min() >= 0.0
    assert not seed[labels == 0].any()
    assert not contact.any()
    for number in range(1, len(cells) + 1):
        assert seed[labels == number].max() == 1.0


@settings(max_examples=40, deadline=None)
@given(GRID)
def test_every_pixel_of_an_object_points_at_its_centre(cells: list[tuple[int, int, int]]) -> None:
    labels = on_grid(cells)
    rows, columns = np.indices(labels.shape) + targets(labels).maps[3:] * OFFSET_UNIT_PX
    for number in range(1, len(cells) + 1):
        inside = np.argwhere(labels == number)
        np.testing.assert_allclose(rows[labels == number], inside[:, 0].mean(), atol=1e-3)
        np.testing.assert_allclose(columns[labels == number], inside[:, 1].mean(), atol=1e-3)


def test_touching_objects_have_a_low_seam_and_come_back() -> None:
    labels = labelled_discs((64, 40, 20), (64, 80, 20))
    maps = predicted(labels)
    assert maps[1, 64, 40] > 0.9
    assert maps[1, 64, 59:62].max() < 0.15
    assert maps[2, 64, 59:62].any()
    assert match(labels, label_instances(maps, PARAMETERS), 0.95).tp == 2


def test_an_object_cut_by_the_border_peaks_at_the_border() -> None:
    seed = targets(labelled_discs((64, 0, 20))).maps[1]
    assert seed[64, 0] == pytest.approx(1.0)


def test_small_objects_and_their_surroundings_count_more_than_large_ones() -> None:
    weights = targets(labelled_discs((30, 30, 3), (90, 90, 20))).importance
    assert weights[30, 30] > weights[30, 35] > weights[90, 90] == weights[0, 0] == 1.0


def test_an_offset_is_wanted_as_precisely_as_the_object_is_small() -> None:
    precision = targets(labelled_discs((30, 30, 5), (90, 90, 20))).precision
    assert precision[30, 30] / precision[90, 90] == pytest.approx(4.0, rel=0.1)
    assert precision[0, 0] == 0.0


def test_blank_and_full_images_have_finite_targets() -> None:
    assert not targets(np.zeros((32, 32), np.int32)).maps.any()
    full = targets(np.ones((32, 32), np.int32)).maps
    assert np.isfinite(full).all()
    assert full[:3].min() >= 0.0
    assert full[:3].max() == 1.0
