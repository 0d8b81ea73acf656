from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from pipelines.images.reader import Image
from pipelines.segmentation.quality import QualityThresholds, focus, full_scale, quality_flags

Discs = Callable[..., tuple[NDArray[np.uint16], int]]


@pytest.fixture
def field(discs: Discs) -> NDArray[np.uint16]:
    return discs((500, 500), 24)[0]


@pytest.fixture
def labels(field: NDArray[np.uint16]) -> NDArray[np.int32]:
    return np.asarray(ndimage.label(cv2.GaussianBlur(field, (0, 0), 1) > 900)[0], np.int32)


def _flags(pixels: NDArray[Any], labels: NDArray[np.int32], **thresholds: float) -> tuple[str, ...]:
    return quality_flags(Image(pixels, None, "a.tif"), labels, QualityThresholds(**thresholds))


def test_a_good_image_has_no_flags(field: NDArray[np.uint16], labels: NDArray[np.int32]) -> None:
    assert _flags(field, labels) == ()
    assert _flags((field // 16).astype(np.uint8), labels) == ()
    assert _flags(field.astype(np.float32) / 4095, labels) == ()


def test_blur_is_seen_whatever_the_gain(field: NDArray[np.uint16], labels: NDArray[np.int32]) -> None:
    blurred = cv2.GaussianBlur(field, (0, 0), 9)
    assert _flags(blurred, labels) == ("out_of_focus",)
    assert _flags((blurred.astype(np.float32) * 0.1 + 50).astype(np.uint16), labels) == ("out_of_focus",)


def test_focus_falls_steadily_with_blur_and_knows_the_scale(
    field: NDArray[np.uint16], labels: NDArray[np.int32]
) -> None:
    values = [focus(cv2.GaussianBlur(field, (0, 0), sigma), labels) for sigma in (0.5, 2, 4, 6, 9)]
    assert values == sorted(values, reverse=True)
    double = (1000, 1000)
    doubled = cv2.resize(labels, double, interpolation=cv2.INTER_NEAREST)
    assert focus(cv2.resize(field, double), doubled) == pytest.approx(focus(field, labels), rel=0.3)


def test_saturation_is_seen_at_the_depth_of_the_camera(field: NDArray[np.uint16], labels: NDArray[np.int32]) -> None:
    assert "saturated" in _flags(np.minimum(field.astype(np.uint32) * 3, 4095).astype(np.uint16), labels)
    assert "saturated" in _flags(np.minimum(field // 8, 255).astype(np.uint8), labels)
    assert "saturated" not in _flags(np.minimum(field, 2000), labels)


def test_a_slope_and_a_high_floor_are_seen(field: NDArray[np.uint16], labels: NDArray[np.int32]) -> None:
    slope = np.linspace(0, 1500, field.shape[1]).astype(np.uint16)
    assert "background_uneven" in _flags(field + slope, labels)
    assert "background_high" in _flags(np.minimum(field + np.uint16(2000), 4000), labels)


def test_an_empty_field_says_only_that(field: NDArray[np.uint16]) -> None:
    nothing = np.zeros_like(field, np.int32)
    assert _flags(np.full_like(field, 200), nothing) == ("empty",)
    assert _flags(np.zeros_like(field), nothing) == ("empty",)
    assert _flags(np.zeros((1, 1), np.uint8), np.zeros((1, 1), np.int32)) == ("empty",)


def test_many_cut_objects_are_seen(field: NDArray[np.uint16], labels: NDArray[np.int32]) -> None:
    narrow = slice(20, 60)
    assert "objects_clipped" in _flags(field[narrow], ndimage.label(labels[narrow])[0].astype(np.int32))


def test_an_object_that_fills_the_field_is_judged() -> None:
    assert _flags(np.full((40, 40), 100, np.uint8), np.ones((40, 40), np.int32)) == ("out_of_focus",)


def test_thresholds_decide(field: NDArray[np.uint16], labels: NDArray[np.int32]) -> None:
    assert _flags(field, labels, minimum_focus=1e9) == ("out_of_focus",)


@pytest.mark.parametrize(("top", "expected"), [(200, 4095), (4000, 4095), (4096, 16383), (65535, 65535)])
def test_the_full_scale_is_the_next_usual_depth(top: int, expected: int) -> None:
    assert full_scale(np.array([[0, top]], np.uint16)) == expected
