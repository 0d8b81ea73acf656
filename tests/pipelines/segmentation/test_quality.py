import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from labrelay.contracts.quality import FLAG_TEXTS
from pipelines.images.reader import Image
from pipelines.segmentation.features import FEATURES
from pipelines.segmentation.glimpse import MOST, SIDE_PX, glimpses
from pipelines.segmentation.levels import full_scale
from pipelines.segmentation.measurements import measure
from pipelines.segmentation.quality import NOT_JUDGED, TOO_LITTLE, Evidence, Quality, judge, prediction_sample
from pipelines.segmentation.quality_sections import Familiar, QualityThresholds

Discs = Callable[..., tuple[NDArray[np.uint16], int]]
Labels = NDArray[np.int32]


@pytest.fixture
def field(discs: Discs) -> NDArray[np.uint16]:
    return discs((500, 500), 24)[0]


@pytest.fixture
def labels(field: NDArray[np.uint16]) -> Labels:
    return np.asarray(ndimage.label(cv2.GaussianBlur(field, (0, 0), 1) > 900)[0], np.int32)


def _judged(pixels: NDArray[Any], labels: Labels, familiar: Familiar | None = None, **thresholds: float) -> Quality:
    prediction = prediction_sample(np.stack([labels > 0] * 3).astype(np.float32))
    evidence = Evidence(pixels, labels, measure(Image(pixels, None, "a.tif"), labels), prediction, 1.0)
    return judge(evidence, QualityThresholds(**thresholds), familiar)


def _flags(pixels: NDArray[Any], labels: Labels, **thresholds: float) -> tuple[str, ...]:
    return _judged(pixels, labels, None, **thresholds).flags


def _reference(**given: Any) -> Familiar:
    only = {"features": ("contrast",), "centre": (0.0,), "precision": ((1.0,),), "threshold": 0.1}
    return Familiar.model_validate(only | given)


def test_a_good_image_has_no_flags(field: NDArray[np.uint16], labels: Labels) -> None:
    assert _flags(field, labels) == ()
    assert _flags((field // 16).astype(np.uint8), labels) == ()
    assert _flags(field.astype(np.float32) / 4095, labels) == ()


def test_every_figure_comes_with_its_limit(field: NDArray[np.uint16], labels: Labels) -> None:
    quality = _judged(field, labels, minimum_focus=1e9)
    names = {"focus", "saturated", "background", "unevenness", "debris", "clipped"}
    assert set(quality.figures) == {f"qc_{name}" for name in names}
    told = quality.told()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["flags"] == ["out_of_focus"]
    assert told["figures"]["focus"] == {"value": quality.figures["qc_focus"], "limit": 1e9, "flagged": True}


def test_blur_is_seen_whatever_the_gain(field: NDArray[np.uint16], labels: Labels) -> None:
    blurred = cv2.GaussianBlur(field, (0, 0), 9)
    assert _flags(blurred, labels) == ("out_of_focus",)
    assert _flags((blurred.astype(np.float32) * 0.1 + 50).astype(np.uint16), labels) == ("out_of_focus",)


def test_focus_falls_steadily_with_blur_and_knows_the_scale(field: NDArray[np.uint16], labels: Labels) -> None:
    def focus(pixels: NDArray[Any], found: Labels) -> float:
        return _judged(pixels, found).figures["qc_focus"]

    values = [focus(cv2.GaussianBlur(field, (0, 0), sigma), labels) for sigma in (0.5, 2, 4, 6, 9)]
    assert values == sorted(values, reverse=True)
    double = (1000, 1000)
    doubled = np.asarray(cv2.resize(labels, double, interpolation=cv2.INTER_NEAREST), np.int32)
    assert focus(cv2.resize(field, double), doubled) == pytest.approx(focus(field, labels), rel=0.3)


@pytest.mark.parametrize("top", [4095, 65520, 2000])
def test_light_that_is_cut_off_is_seen_wherever_that_is(field: NDArray[np.uint16], labels: Labels, top: int) -> None:
    longer = np.minimum(field.astype(np.float64) * 1.3 * top / 2000, top)
    assert "saturated" in _flags(longer.astype(np.uint16), labels)
    assert "saturated" in _flags((longer / top).astype(np.float32), labels)
    assert "saturated" in _flags((longer / top * 255).astype(np.uint8), labels)


def test_an_image_that_is_white_all_over_is_empty_and_saturated() -> None:
    nothing = np.zeros((100, 100), np.int32)
    assert _flags(np.full((100, 100), 255, np.uint8), nothing) == ("empty", "saturated", "background_high")


def test_a_slope_and_a_high_floor_are_seen(field: NDArray[np.uint16], labels: Labels) -> None:
    slope = np.linspace(0, 1500, field.shape[1]).astype(np.uint16)
    assert "background_uneven" in _flags(field + slope, labels)
    assert "background_high" in _flags(np.minimum(field + np.uint16(2000), 4000), labels)


def test_bright_things_that_are_no_objects_are_debris(field: NDArray[np.uint16], labels: Labels) -> None:
    unlabelled = np.where(labels % 5 == 0, 0, labels).astype(np.int32)
    assert _flags(field, unlabelled) == ("debris",)


def test_an_empty_field_says_only_that(field: NDArray[np.uint16]) -> None:
    nothing = np.zeros_like(field, np.int32)
    assert _flags(np.full_like(field, 200), nothing) == ("empty",)
    assert _flags(np.zeros_like(field), nothing) == ("empty",)
    assert _flags(np.zeros((1, 1), np.uint8), np.zeros((1, 1), np.int32)) == ("empty",)


def test_many_cut_objects_are_seen(field: NDArray[np.uint16], labels: Labels) -> None:
    narrow = slice(20, 60)
    assert "objects_clipped" in _flags(field[narrow], ndimage.label(labels[narrow])[0].astype(np.int32))


def test_an_object_that_fills_the_field_is_judged() -> None:
    assert _flags(np.full((40, 40), 100, np.uint8), np.ones((40, 40), np.int32)) == ("out_of_focus",)


def test_familiarity_is_judged_by_the_model_or_said_not_to_be(field: NDArray[np.uint16], labels: Labels) -> None:
    assert _judged(field, labels).familiarity == NOT_JUDGED
    assert _judged(field, np.zeros_like(labels), _reference()).familiarity == TOO_LITTLE
    near, far = _reference(centre=(0.8,), threshold=0.5), _reference(centre=(5.0,), threshold=0.5)
    assert _judged(field, labels, near).flags == ()
    assert _judged(field, labels, far).flags == ("unfamiliar",)
    assert _judged(field, labels, far).figures["qc_unfamiliarity"] > 3


def test_all_features_are_measured(field: NDArray[np.uint16], labels: Labels) -> None:
    assert set(_judged(field, labels).features or {}) == set(FEATURES)


def test_a_large_image_is_judged_by_a_few_parts_with_and_without_objects(discs: Discs) -> None:
    pixels, _ = discs((700, 2300), 24)
    pixels[:, :1200] = 200  # empty but for the right half
    labels = np.asarray(ndimage.label(pixels > 900)[0], np.int32)
    seen = glimpses(pixels, labels, 1.0)
    assert 1 < len(seen) <= MOST
    assert {glimpse.grey.shape for glimpse in seen} == {(SIDE_PX, SIDE_PX)}
    assert all(glimpse.labels.any() for glimpse in seen)
    assert {glimpse.grey.shape for glimpse in glimpses(pixels, labels, 0.5)} == {(350, 1150)}


@pytest.mark.parametrize(
    "wrong",
    [
        {"features": ("no_such_feature",)},
        {"centre": (0.0, 1.0)},
        {"precision": ((1.0, 0.0),)},
        {"precision": ((-1.0,),)},
        {"threshold": 0.0},
        {"centre": (float("nan"),)},
    ],
)
def test_a_reference_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        _reference(**wrong)


def test_every_flag_is_explained_in_two_sentences() -> None:
    assert len(FLAG_TEXTS) == 8
    for text in FLAG_TEXTS.values():
        assert text.meaning.endswith(".")
        assert text.next_step.endswith(".")


def test_the_operators_guide_has_the_same_texts() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "operator.md").read_text(encoding="utf-8")
    for flag, text in FLAG_TEXTS.items():
        assert f"| `{flag}` | {text.meaning} | {text.next_step} |" in guide


@pytest.mark.parametrize(("top", "expected"), [(200, 4095), (4000, 4095), (4096, 16383), (65535, 65535)])
def test_the_full_scale_is_the_next_usual_depth(top: int, expected: int) -> None:
    assert full_scale(np.array([[0, top]], np.uint16)) == expected


def test_a_single_bright_object_on_nothing_has_figures_that_are_numbers() -> None:
    pixels = np.zeros((400, 400), np.uint16)
    pixels[200:205, 200:205] = 65535
    labels = (pixels > 0).astype(np.int32)
    prediction = prediction_sample(np.stack([labels > 0] * 2).astype(np.float32))
    evidence = Evidence(pixels, labels, measure(Image(pixels, None, "a.tif"), labels), prediction, 4.0)
    with warnings.catch_warnings(action="error"):
        told = judge(evidence).told()
    json.dumps(told, allow_nan=False)
