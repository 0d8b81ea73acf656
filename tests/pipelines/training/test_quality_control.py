"""The nuclei model that ships judges real images: faults are seen, good images are left alone."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import pipelines
from pipelines.training.data import LabelledImage, read_folder
from pipelines.training.faults import FAULTS, FOREIGN
from pipelines.training.quality_control import GOOD, planted, tally

SHIPPED = Path(pipelines.__file__).parent / "nuclei" / "model"
VAL = Path(__file__).parents[4] / "shared" / "data" / "nuclei" / "val"


def _image(number: int, pixels: NDArray[np.uint8]) -> LabelledImage:
    return LabelledImage(str(number), pixels, (pixels > 100).astype(np.int32))


def test_each_good_image_comes_with_every_fault_and_every_foreign_kind() -> None:
    disc = np.hypot(*np.mgrid[-32:32, -32:32]) < 10
    images = [_image(0, (disc * 200).astype(np.uint8)), _image(1, np.zeros((64, 64), np.uint8))]
    kinds = [kind for kind, _ in planted(images, images[1:], np.random.default_rng(0))]
    assert kinds == [GOOD, *FAULTS, *FOREIGN, "images for another model"]


@pytest.mark.skipif(not VAL.is_dir(), reason="the project's own collection of labelled images isn't here")
def test_faults_in_real_images_are_seen_and_good_ones_left_alone() -> None:
    small = [image for image in read_folder(VAL) if image.pixels.size <= 256**2 and image.objects > 3]
    good, *faulty = tally(SHIPPED, small[::8])
    assert good.flagged <= max(1, 0.08 * good.images), good
    assert sum(each.flagged for each in faulty) >= 0.95 * sum(each.images for each in faulty), faulty
