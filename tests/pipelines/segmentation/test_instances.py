"""Objects from predicted maps."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipelines.segmentation.instances import InstanceParameters, label_instances, typical_diameter

GRID = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.floats(4.0, 15.0)), max_size=8, unique_by=lambda disc: disc[:2]
)
PARAMETERS = InstanceParameters(seed_smoothing_px=0.5, seed_smoothing_share=0.0)


def prediction(*discs: tuple[float, float, float], size: int = 128) -> NDArray[np.float32]:
    """Perfect maps of discs (row, column, radius); each seed falls from 1 at the centre to 0 at the edge."""
    rows, columns = np.mgrid[:size, :size]
    maps = np.zeros((2, size, size), np.float32)
    for row, column, radius in discs:
        reach = 1.0 - np.hypot(rows - row, columns - column) / radius
        maps[0] = np.maximum(maps[0], reach > 0)
        maps[1] = np.maximum(maps[1], reach)
    return maps


def test_nothing_predicted_gives_no_object() -> None:
    labels = label_instances(np.zeros((2, 64, 48), np.float32), PARAMETERS)
    assert labels.shape == (64, 48)
    assert labels.dtype == np.int32
    assert not labels.any()


def test_touching_discs_are_separated_where_they_touch() -> None:
    labels = label_instances(prediction((64, 45, 20), (64, 83, 20)), PARAMETERS)
    assert int(labels.max()) == 2
    left, right = labels[64, 45], labels[64, 83]
    assert left != right
    assert (labels[64, 26:63] == left).all()
    assert (labels[64, 66:102] == right).all()


def test_objects_fill_exactly_the_foreground() -> None:
    maps = prediction((30, 30, 12), (30, 52, 12), (90, 90, 25))
    np.testing.assert_array_equal(label_instances(maps, PARAMETERS) > 0, maps[0] >= 0.5)


@settings(max_examples=40, deadline=None)
@given(GRID)
def test_every_separate_disc_is_found_once_and_numbered_without_gaps(cells: list[tuple[int, int, float]]) -> None:
    labels = label_instances(prediction(*((16 + 32 * r, 16 + 32 * c, radius) for r, c, radius in cells)), PARAMETERS)
    assert set(np.unique(labels)) == set(range(len(cells) + 1)) | {0}


def test_small_objects_are_dropped_and_the_rest_renumbered() -> None:
    maps = prediction((10, 10, 3), (60, 60, 20), (110, 20, 3))
    labels = label_instances(maps, replace(PARAMETERS, minimum_area_px=60))
    assert set(np.unique(labels)) == {0, 1}
    assert labels[60, 60] == 1


@pytest.mark.parametrize(("certainty", "count"), [(0.95, 1), (0.6, 0)])
def test_foreground_without_seed_counts_if_certain(certainty: float, count: int) -> None:
    maps = prediction((64, 64, 12))
    maps[0] *= certainty
    maps[1] *= 0.2
    assert int(label_instances(maps, replace(PARAMETERS, lone_foreground=0.8)).max()) == count


@pytest.mark.parametrize("radius", [6.0, 15.0, 30.0])
def test_the_typical_diameter_is_told_before_objects_are_separated(radius: float) -> None:
    apart = prediction((32, 32, radius), (96, 96, radius))[0] > 0
    touching = prediction((64, 64 - radius, radius), (64, 64 + radius - 1, radius))[0] > 0
    assert typical_diameter(apart) == pytest.approx(2.0 * radius, rel=0.2)
    assert typical_diameter(touching) == pytest.approx(2.0 * radius, rel=0.3)
    assert typical_diameter(np.zeros((9, 9), np.bool_)) == 0.0


def test_smoothing_by_size_joins_the_broken_seed_of_a_large_object_and_keeps_touching_ones_apart() -> None:
    rows, columns = np.mgrid[:256, :256]
    ripples = 0.25 * np.cos(rows * 0.9) * np.cos(columns * 0.9)
    maps = prediction((128, 70, 57), (128, 183, 57), size=256)
    maps[1] = np.clip(maps[1] ** 0.5 * 0.8 + ripples * maps[0], 0.0, 1.0)
    assert int(label_instances(maps, PARAMETERS).max()) > 2
    assert int(label_instances(maps, replace(PARAMETERS, seed_smoothing_share=0.06)).max()) == 2


def test_seeds_outside_of_the_foreground_do_not_grow() -> None:
    maps = prediction((64, 64, 12))
    maps[0] = 0.0
    assert not label_instances(maps, PARAMETERS).any()


def test_an_object_may_fill_the_image() -> None:
    assert (label_instances(np.ones((2, 32, 32), np.float32), PARAMETERS) == 1).all()


@pytest.mark.parametrize(
    "wrong",
    [{"seed_threshold": 1.5}, {"foreground_threshold": -0.1}, {"seed_smoothing_px": -1.0}, {"minimum_area_px": -1}],
)
def test_parameters_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must"):
        InstanceParameters(**wrong)  # type: ignore[arg-type]


def test_doubtful_objects_are_dropped() -> None:
    maps = prediction((30, 30, 14), (90, 90, 14))
    maps[0, :60] *= 0.6
    labels = label_instances(maps, replace(PARAMETERS, minimum_certainty=0.7))
    assert int(labels.max()) == 1
    assert labels[90, 90] == 1


def test_contacts_part_objects_that_share_a_seed() -> None:
    maps = np.concatenate([prediction((64, 50, 20), (64, 78, 20)), np.zeros((1, 128, 128), np.float32)])
    maps[1, 60:69, 45:84] = 1.0
    assert int(label_instances(maps, PARAMETERS).max()) == 1
    maps[2, :, 62:67] = 1.0
    assert int(label_instances(maps, replace(PARAMETERS, contact_weight=0.8)).max()) == 2


def test_offsets_join_an_object_whose_seed_is_torn() -> None:
    torn = np.concatenate([prediction((64, 64, 20)), np.zeros((3, 128, 128), np.float32)])
    torn[1, :, 58:70] = 0.0
    torn[3:] = np.array([64.0, 64.0])[:, None, None] - np.indices((128, 128))
    assert int(label_instances(torn, PARAMETERS).max()) == 2
    assert int(label_instances(torn, replace(PARAMETERS, agreement=0.75)).max()) == 1


def test_objects_whose_seeds_touch_at_a_corner_stay_two() -> None:
    maps = np.zeros((2, 40, 40), np.float32)
    maps[0, 4:36, 4:36] = 1.0
    maps[1, 8:20, 8:20] = maps[1, 20:32, 20:32] = 1.0
    labels = label_instances(maps, InstanceParameters(seed_smoothing_px=0.0, seed_smoothing_share=0.0))
    assert labels.max() == 2
    assert labels[8, 8] != labels[31, 31]
