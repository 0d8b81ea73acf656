"""Tiles for calibration look like those that the pipeline feeds to the network."""

import numpy as np
import pytest

from pipelines.segmentation.package import ModelDescription, load_package
from pipelines.training.calibration import calibration_tiles
from pipelines.training.data import LabelledImage
from tests.pipelines.segmentation.conftest import save_package, tiny_network
from tests.pipelines.training.specimen import image

BLANK = LabelledImage("blank", np.full((40, 300), 9, np.uint16), np.zeros((40, 300), np.int32))
IMAGES = [image("a", 1), image("b", 2, size=400), BLANK]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> ModelDescription:
    return load_package(save_package(tmp_path_factory.mktemp("package"), tiny_network())).description


def test_tiles_fit_the_network_and_are_normalised(told: ModelDescription) -> None:
    tiles = calibration_tiles(IMAGES, told, 31)
    assert len(tiles) == 31
    for tile in tiles:
        assert tile.dtype == np.float32
        assert tile.shape[:2] == (1, 1)
        assert all(edge % told.input.multiple_of == 0 and 0 < edge <= 256 for edge in tile.shape[2:])
        assert -1.0 <= tile.min() <= tile.max() <= 4.0
    assert any((tile > 0.8).any() for tile in tiles)


def test_some_show_objects_at_other_sizes(told: ModelDescription) -> None:
    shares = {round(float((tile > 0.5).mean()), 2) for tile in calibration_tiles(IMAGES[:1], told, 20)}
    assert len(shares) > 5


def test_the_same_seed_gives_the_same_tiles(told: ModelDescription) -> None:
    first, again, other = (calibration_tiles(IMAGES, told, 6, seed) for seed in (1, 1, 2))
    assert all(np.array_equal(one, two) for one, two in zip(first, again, strict=True))
    assert not all(np.array_equal(one, two) for one, two in zip(first, other, strict=True))
