from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import pipelines
from pipelines.images.reader import Image
from pipelines.segmentation.segment import Segmenter

Discs = Callable[..., tuple[NDArray[np.uint16], int]]
SHIPPED = Path(pipelines.__file__).parent / "nuclei" / "model"


def test_objects_are_found_counted_measured_and_timed(segmenter: Segmenter, discs: Discs) -> None:
    pixels, count = discs((400, 500), 24)
    found = segmenter.segment(Image(pixels, 0.5, "a.tif"))
    assert found.count == count == len(found.objects) == found.labels.max()
    assert found.labels.shape == (400, 500)
    assert found.labels.dtype == np.int32
    assert found.scale.source == "as is"
    assert found.flags == ()
    assert set(found.seconds) == {"normalise", "network", "instances", "measurements", "quality"}
    assert found.summary.median_diameter_px == pytest.approx(24, rel=0.1)


def test_tiles_find_the_same_objects_as_one_piece(fresh_package: Path, segmenter: Segmenter, discs: Discs) -> None:
    toml = fresh_package / "model.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace("tile_px = 256", "tile_px = 2048"), encoding="utf-8")
    pixels, count = discs((900, 1100), 24, pitch=30)
    image = Image(pixels, None, "a.tif")
    tiled, whole = segmenter.segment(image).labels, Segmenter(fresh_package).segment(image).labels
    assert tiled.max() == whole.max()
    assert whole.max() == pytest.approx(count, rel=0.02)
    pairs = np.unique(np.stack([tiled[whole > 0], whole[whole > 0]]), axis=1)
    assert pairs.shape[1] <= whole.max() * 1.01  # each object of one is one object of the other
    assert np.mean((tiled > 0) != (whole > 0)) < 1e-3


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (33, 7)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_the_smallest_blank_images_hold_nothing(
    segmenter: Segmenter, shape: tuple[int, int], dtype: type[np.generic]
) -> None:
    found = segmenter.segment(Image(np.full(shape, 100, dtype), None, "a.tif"))
    assert (found.count, found.flags) == (0, ("empty",))
    assert found.labels.shape == shape


def test_intensity_offset_and_gain_change_nothing(segmenter: Segmenter, discs: Discs) -> None:
    pixels, count = discs((400, 500), 24)
    shifted = Image((pixels.astype(np.float32) * 7.0 + 1000.0).astype(np.uint16), None, "a.tif")
    assert segmenter.segment(shifted).count == count


def test_the_same_image_gives_the_same_labels_also_to_two_callers_at_once(segmenter: Segmenter, discs: Discs) -> None:
    image = Image(discs((500, 700), 24, pitch=30)[0], None, "a.tif")
    first = segmenter.segment(image).labels
    with ThreadPoolExecutor(2) as pool:
        for labels in pool.map(lambda _: segmenter.segment(image).labels, range(4)):
            np.testing.assert_array_equal(labels, first)


def test_one_segmenter_serves_several_threads(segmenter: Segmenter, discs: Discs) -> None:
    fields = [discs((300 + 20 * number, 400), 24, seed=number) for number in range(6)]
    with ThreadPoolExecutor(3) as pool:
        found = pool.map(lambda field: segmenter.segment(Image(field[0], None, "a.tif")).count, fields)
        assert list(found) == [count for _, count in fields]


@pytest.mark.skipif(not (SHIPPED / "model.toml").exists(), reason="the nuclei model isn't there yet")
@pytest.mark.parametrize("diameter", [20, 80])
def test_the_shipped_model_counts_blurred_discs(discs: Discs, diameter: int) -> None:
    pixels, count = discs((24 * diameter, 26 * diameter), diameter)
    found = Segmenter(SHIPPED).segment(Image(cv2.GaussianBlur(pixels, (0, 0), diameter / 12), None, "a.tif"))
    assert found.count == pytest.approx(count, rel=0.1)
