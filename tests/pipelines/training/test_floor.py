"""The nuclei model that ships is good enough on generated fields of many kinds; a spoilt one is noticed."""

import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.instrument import Field, FieldOptions, make_field
from pipelines.training.data import LabelledImage, contiguous
from pipelines.training.evaluate import evaluate, package_folder
from pipelines.training.scores import ImageScore, summary

FLOOR, COUNT_ERROR = 0.8, 0.1
USUAL_PX = 28.0


def magnified(field: Field, diameter_px: float) -> Field:
    """The field as another objective would show it; nuclei of the simulator measure 28 px."""
    factor = diameter_px / USUAL_PX
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    pixels = cv2.resize(field.pixels, None, fx=factor, fy=factor, interpolation=way)
    labels = cv2.resize(field.labels, pixels.shape[::-1], interpolation=cv2.INTER_NEAREST_EXACT)
    return Field(pixels, labels, field.count)


def dimmed(field: Field, share: float) -> Field:
    """The field with so much of its light, and the noise of a camera."""
    offset = float(np.percentile(field.pixels, 1))
    light = offset + share * (field.pixels - offset) + np.random.default_rng(0).normal(0, 3, field.pixels.shape)
    return Field(light.clip(0, 4095).astype(np.uint16), field.labels, field.count)


def small(edge: int, **options: float | bool) -> FieldOptions:
    return FieldOptions(edge, edge, **options)  # type: ignore[arg-type]


def fields() -> dict[str, Field]:
    return {
        "12 px": magnified(make_field(1, "A01", 1, small(448)), 12.0),
        "28 px": make_field(2, "A02", 1, small(320)),
        "60 px": magnified(make_field(3, "A03", 1, small(224)), 60.0),
        "110 px": magnified(make_field(4, "A04", 1, small(160)), 110.0),
        "dim": dimmed(make_field(5, "A05", 1, small(320)), 0.15),
        "dense": make_field(6, "A06", 1, small(320, nuclei=200.0, crowding=0.7)),
        "blank": make_field(7, "A07", 1, small(320, blank=True)),
    }


@pytest.fixture(scope="module")
def images() -> list[LabelledImage]:
    return [LabelledImage(kind, field.pixels, contiguous(field.labels)) for kind, field in fields().items()]


@pytest.fixture(scope="module")
def scores(images: list[LabelledImage]) -> dict[str, ImageScore]:
    return {one.name: one for one in evaluate(package_folder("nuclei"), images)}


def test_nuclei_are_found_whatever_their_size_light_and_crowd(scores: dict[str, ImageScore]) -> None:
    pool = summary(list(scores.values()))
    figures = {name: (one.true_count, one.predicted_count, one.matches[0]) for name, one in scores.items()}
    assert pool.average_precision[0] >= FLOOR, figures
    assert pool.count_error <= COUNT_ERROR, figures


@pytest.mark.parametrize("kind", ["12 px", "28 px", "60 px", "110 px", "dim", "dense"])
def test_no_kind_of_field_is_far_below_the_others(scores: dict[str, ImageScore], kind: str) -> None:
    assert scores[kind].matches[0].average_precision >= FLOOR - 0.15, scores[kind]


def test_a_blank_field_counts_zero(scores: dict[str, ImageScore]) -> None:
    assert (scores["blank"].true_count, scores["blank"].predicted_count) == (0, 0)


def test_a_spoilt_model_falls_below_the_floor(images: list[LabelledImage], tmp_path: Path) -> None:
    spoilt = shutil.copytree(package_folder("nuclei"), tmp_path / "spoilt")
    description = spoilt / "model.toml"
    text = description.read_text(encoding="utf-8")
    description.write_text(re.sub(r"(?m)^low_percentile = .*", "low_percentile = 98.0", text), encoding="utf-8")
    assert summary(evaluate(spoilt, images[1:2])).average_precision[0] < FLOOR
