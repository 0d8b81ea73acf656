"""Quality control as a whole: learnt from generated fields, it flags planted faults and leaves good fields alone."""

import shutil
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import pipelines
from pipelines.images.reader import Image
from pipelines.instrument.field import FieldOptions, make_field
from pipelines.segmentation.segment import Segmentation, Segmenter
from pipelines.training.data import LabelledImage
from pipelines.training.familiarity import reference, write_sections
from pipelines.training.faults import FAULTS, FOREIGN

Pixels = NDArray[np.uint16]
SHIPPED = Path(pipelines.__file__).parent / "nuclei" / "model"
SIDE = 256
EACH = 9
KINDS = {
    "usual": FieldOptions(SIDE, SIDE),
    "sparse": FieldOptions(SIDE, SIDE, nuclei=25),
    "dense": FieldOptions(SIDE, SIDE, nuclei=150, crowding=0.7),
}


def _field(kind: str, seed: int) -> Pixels:
    if kind == "dim":
        bright = make_field(seed, "C03", 1, KINDS["usual"]).pixels.astype(np.float32)
        noise = np.random.default_rng(seed).normal(0, 2, bright.shape)
        return np.clip((bright - 100) * 0.25 + 100 + noise, 0, 4095).astype(np.uint16)
    if kind == "large":
        small = make_field(seed, "D04", 1, FieldOptions(SIDE // 2, SIDE // 2, nuclei=60)).pixels
        return np.asarray(cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC), np.uint16)
    return make_field(seed, "B02", 1, KINDS[kind]).pixels


GOOD = (*KINDS, "dim", "large")


def _segmented(segmenter: Segmenter, pixels: NDArray[np.generic]) -> Segmentation:
    return segmenter.segment(Image(pixels, None, "a.tif"))


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Segmenter:
    """The model that ships, with quality control learnt from generated fields of all good kinds."""
    folder = tmp_path_factory.mktemp("taught") / "package"
    shutil.copytree(SHIPPED, folder)
    fields = [_field(kind, seed) for seed in range(8) for kind in GOOD]
    images = [LabelledImage(str(n), pixels, np.zeros(pixels.shape, np.int32)) for n, pixels in enumerate(fields)]
    write_sections(folder, reference(folder, images))
    return Segmenter(folder)


def test_planted_faults_and_foreign_images_are_flagged(taught: Segmenter) -> None:
    random = np.random.default_rng(1)
    missed: Counter[str] = Counter()
    for number in range(EACH):
        good = _field("usual", 100 + number)
        planted = {kind: fault(good, 28.0, random) for kind, fault in FAULTS.items()}
        planted |= {kind: made((SIDE, SIDE), random) for kind, made in FOREIGN.items()}
        missed.update(kind for kind, pixels in planted.items() if not _segmented(taught, pixels).flags)
    assert missed.total() <= 0.05 * EACH * (len(FAULTS) + len(FOREIGN)), missed


def test_good_fields_of_many_kinds_are_not_flagged(taught: Segmenter) -> None:
    flags = [_segmented(taught, _field(kind, 200 + number)).flags for kind in GOOD for number in range(5)]
    flagged = [each for each in flags if each]
    assert len(flagged) <= 0.08 * len(flags), flagged


def test_a_blank_well_is_empty_and_nothing_else_or_its_dirt_is_flagged(taught: Segmenter) -> None:
    blank = [make_field(seed, "E05", 1, FieldOptions(SIDE, SIDE, blank=True)).pixels for seed in range(6)]
    found = [_segmented(taught, pixels) for pixels in blank]
    assert {each.flags for each in found if not each.count} == {("empty",)}
    assert all({"unfamiliar", "debris"} & set(each.flags) for each in found if each.count)
    assert sum(each.count for each in found) <= 2
