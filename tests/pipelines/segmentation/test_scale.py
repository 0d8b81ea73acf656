from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.images.reader import Image
from pipelines.segmentation.package import ModelScale
from pipelines.segmentation.sampling import resized
from pipelines.segmentation.scale import (
    Scale,
    equivalent_diameters,
    estimated_scale,
    known_scale,
    labels_brought_to,
    searched_scale,
    typical_diameter,
)
from pipelines.segmentation.segment import Segmenter

MODEL = ModelScale(median_diameter_px=24, minimum_diameter_px=12, maximum_diameter_px=48)
Discs = Callable[..., tuple[NDArray[np.uint16], int]]


def _squares(edge: int, number: int) -> NDArray[np.int32]:
    labels = np.zeros((edge, (edge + 1) * number), np.int32)
    for index in range(number):
        labels[:, index * (edge + 1) : index * (edge + 1) + edge] = index + 1
    return labels


@pytest.mark.parametrize(
    ("diameter_px", "diameter_um", "pixel_size_um", "expected"),
    [
        (96.0, None, None, Scale(0.25, "given")),
        (20.0, None, None, Scale(1.0, "given")),
        (96.0, 12.0, 1.0, Scale(0.25, "given")),
        (None, 8.0, 1.0, Scale(3.0, "pixel size")),
        (None, 12.0, None, None),
        (None, None, 1.0, None),
        (1000.0, None, None, Scale(0.1, "given")),
    ],
)
def test_a_known_diameter_decides(
    diameter_px: float | None, diameter_um: float | None, pixel_size_um: float | None, expected: Scale | None
) -> None:
    assert known_scale(MODEL, diameter_px, diameter_um, pixel_size_um) == expected


@pytest.mark.parametrize(
    ("labels", "source"),
    [
        (_squares(20, 9), "as is"),
        (_squares(80, 9), "estimated"),
        (_squares(5, 9), "estimated"),
    ],
)
def test_an_estimate_rescales_only_beyond_what_the_model_knows(labels: NDArray[np.int32], source: str) -> None:
    scale = estimated_scale(MODEL, equivalent_diameters(labels))
    assert scale is not None
    assert scale.source == source
    assert (scale.factor == 1.0) == (source == "as is")


@pytest.mark.parametrize("labels", [_squares(80, 2), np.zeros((9, 9), np.int32)])
def test_too_few_objects_tell_no_scale(labels: NDArray[np.int32]) -> None:
    assert estimated_scale(MODEL, equivalent_diameters(labels)) is None


def _sights(**seen: float) -> Callable[[float], NDArray[np.float64]]:
    """Nine objects of the diameter seen at a factor; none at other factors."""

    def diameters(factor: float) -> NDArray[np.float64]:
        diameter = seen.get(f"at_{factor * 100:.0f}")
        return np.full(0 if diameter is None else 9, diameter or 0.0)

    return diameters


def test_objects_torn_at_the_first_look_are_looked_at_until_looks_agree() -> None:
    assert searched_scale(MODEL, _sights(at_100=60, at_40=200, at_12=200)) == Scale(24 / 200, "estimated")
    assert searched_scale(MODEL, _sights(at_100=80, at_30=84)) == Scale(24 / 80, "estimated")
    assert searched_scale(MODEL, _sights(at_100=8, at_300=7)) == Scale(3.0, "estimated")


def test_looks_that_contradict_each_other_change_nothing() -> None:
    assert searched_scale(MODEL, _sights(at_100=80, at_30=20)) == Scale(1.0, "as is")
    assert searched_scale(MODEL, _sights(at_100=80)) == Scale(1.0, "as is")


def test_the_models_usual_size_decides_where_the_image_cannot() -> None:
    model = MODEL.model_copy(update={"usual_diameter_um": 10.0})
    assert searched_scale(model, _sights(), pixel_size_um=0.1) == Scale(0.24, "usual size")
    assert searched_scale(model, _sights(at_100=80, at_30=20), pixel_size_um=0.5) == Scale(1.0, "usual size")
    assert searched_scale(model, _sights(at_100=30), pixel_size_um=0.1) == Scale(1.0, "as is")
    assert searched_scale(model, _sights(), pixel_size_um=None) == Scale(1.0, "as is")


@pytest.mark.parametrize(("diameter", "seen"), [(10, 24), (24, 24), (40, 40), (60, 60), (79, 79), (84, 40)])
def test_sizes_between_the_median_and_the_middle_of_the_range_suit_the_network(diameter: float, seen: float) -> None:
    wide = ModelScale(median_diameter_px=24, minimum_diameter_px=10, maximum_diameter_px=160)
    scale = known_scale(wide, diameter, None, None)
    assert scale is not None
    assert scale.factor * diameter == pytest.approx(seen)


def test_the_typical_diameter_survives_torn_objects_and_a_speck_of_dirt() -> None:
    torn = np.array([100.0, 90.0, 95.0] + [12.0] * 12)
    assert np.median(torn) == 12
    assert typical_diameter(torn) == 90
    assert typical_diameter(np.array([400.0] + [28.0] * 50)) == 28
    assert typical_diameter(np.array([7.0])) == 7


def test_labels_return_to_the_image_size_with_their_numbers_closed() -> None:
    labels = _squares(20, 3)
    small = labels_brought_to(labels[:, ::1], (10, 32))
    back = labels_brought_to(small, (20, 63))
    assert back.shape == labels.shape
    assert back.dtype == np.int32
    assert set(np.unique(back)) == {0, 1, 2, 3}
    gap = np.where(labels == 2, 0, labels)
    assert set(np.unique(labels_brought_to(gap, (20, 63)))) == {0, 1, 2}


def test_shrinking_averages_and_keeps_the_type() -> None:
    pixels = np.tile(np.array([[0, 1000]], np.uint16), (10, 10))
    small = resized(pixels, 0.5)
    assert small.dtype == np.uint16
    assert (small == 500).all()
    assert resized(pixels, 0.001).shape == (1, 1)


@pytest.mark.parametrize(("diameter", "shape"), [(100, (900, 1100)), (24, (400, 500))])
def test_discs_of_any_size_are_counted_and_the_reason_told(
    segmenter: Segmenter, discs: Discs, diameter: int, shape: tuple[int, int]
) -> None:
    pixels, count = discs(shape, diameter)
    found = segmenter.segment(Image(pixels, None, "discs.tif"))
    assert found.scale.source == ("as is" if diameter == 24 else "estimated")
    assert found.count == pytest.approx(count, rel=0.1)
    assert found.summary.median_diameter_px == pytest.approx(diameter, rel=0.1)
    assert found.labels.shape == shape


def test_small_discs_are_found_when_their_diameter_is_given(segmenter: Segmenter, discs: Discs) -> None:
    pixels, count = discs((300, 300), 8)
    found = segmenter.segment(Image(pixels, 0.5, "small.tif"), diameter_um=4.0)
    assert found.scale == Scale(3.0, "pixel size")
    assert found.count == pytest.approx(count, rel=0.05)
