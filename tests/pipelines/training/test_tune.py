"""Parameters are chosen by what they do to labelled images."""

from dataclasses import replace

import numpy as np
import pytest

from pipelines.segmentation.instances import InstanceParameters
from pipelines.segmentation.scale import equivalent_diameters
from pipelines.training.data import LabelledImage
from pipelines.training.tune import choose, magnified, worth
from tests.pipelines.training.specimen import image, labelled_discs, predicted


def test_the_choice_is_never_worse_than_the_start_and_repairs_a_bad_one() -> None:
    labels = [labelled_discs((40, 40, 15), (40, 68, 15), (100, 60, 20))]
    maps = [predicted(labels[0])]
    bad = InstanceParameters(seed_threshold=0.02, minimum_area_px=2000)
    assert worth(maps, labels, bad) < 0.5
    assert worth(maps, labels, choose(maps, labels, bad)) > 0.95


def test_nothing_changes_without_a_gain() -> None:
    labels = [labelled_discs((40, 40, 15), (100, 60, 20))]
    best = replace(InstanceParameters(), seed_threshold=0.51)
    assert choose([predicted(labels[0])], labels, best) == best


def test_images_are_magnified_to_the_diameter_asked_for() -> None:
    blank = LabelledImage("blank", np.zeros((64, 64), np.uint8), np.zeros((64, 64), np.int32))
    larger = magnified([image("a", 1), blank], (40.0, 80.0))
    assert len(larger) == 2
    assert [float(np.median(equivalent_diameters(i.labels))) for i in larger] == pytest.approx([40.0, 80.0], rel=0.1)
    assert all(i.pixels.shape == i.labels.shape and i.pixels.dtype == np.uint16 for i in larger)
