import numpy as np
import pytest

from pipelines.images.reader import Image
from pipelines.segmentation.drawing import draw_overlay, outlines


def _labels(shape: tuple[int, int] = (400, 600)) -> np.ndarray:
    labels = np.zeros(shape, np.int32)
    labels[100:140, 100:140] = 1
    labels[100:140, 140:180] = 2
    return labels


def test_outlines_lie_inside_objects_and_part_touching_ones() -> None:
    edges = outlines(_labels())
    assert not edges[_labels() == 0].any()
    assert edges[100, 120]
    assert edges[120, 139]
    assert edges[120, 140]
    assert not edges[120, 120]


def test_objects_are_outlined_in_different_colours_on_grey() -> None:
    labels = _labels()
    pixels = np.where(labels > 0, 3000, 200).astype(np.uint16)
    overlay = draw_overlay(Image(pixels, None, "a.tif"), labels)
    assert overlay.shape == (400, 600, 3)
    assert overlay.dtype == np.uint8
    assert len(np.unique(overlay[120, 120])) == 1  # inside: grey
    first, second = overlay[120, 100], overlay[120, 179]
    assert len(np.unique(first)) > 1
    assert not np.array_equal(first, second)


def test_the_longest_side_is_limited_and_the_shape_kept() -> None:
    pixels = np.zeros((1000, 4000), np.uint8)
    overlay = draw_overlay(Image(pixels, None, "a.tif"), np.zeros((1000, 4000), np.int32), max_side=500)
    assert overlay.shape == (125, 500, 3)


def test_the_scale_bar_has_the_length_it_tells() -> None:
    pixels, labels = np.zeros((400, 1000), np.uint8), np.zeros((400, 1000), np.int32)
    plain = draw_overlay(Image(pixels, None, "a.tif"), labels)
    scaled = draw_overlay(Image(pixels, 0.5, "a.tif"), labels)
    row = np.flatnonzero((scaled != plain).all(axis=-1)[390])
    assert row.max() - row.min() + 1 == pytest.approx(100 / 0.5, abs=2)  # 100 µm: the round length below 1000 px / 5


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1)])
@pytest.mark.parametrize("pixel_size_um", [None, 0.65])
def test_the_smallest_images_can_be_drawn(shape: tuple[int, int], pixel_size_um: float | None) -> None:
    overlay = draw_overlay(Image(np.ones(shape, np.float32), pixel_size_um, "a.tif"), np.ones(shape, np.int32))
    assert max(overlay.shape) <= 2048
