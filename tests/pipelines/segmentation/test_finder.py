"""Large images: the same objects as in their parts, in bounded memory."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import pipelines
from pipelines.instrument import FieldOptions, make_field
from pipelines.segmentation import finder, windows
from pipelines.segmentation.finder import Finder, regions
from pipelines.segmentation.network import Network
from pipelines.segmentation.package import ModelPackage, load_package
from pipelines.segmentation.stopwatch import Stopwatch
from pipelines.training.scores import score

Discs = Callable[..., tuple[NDArray[np.uint16], int]]
Loaded = tuple[ModelPackage, Network]
SHIPPED = Path(pipelines.__file__).parent / "nuclei" / "model"


@pytest.fixture(scope="module")
def loaded(package_folder: Path) -> Loaded:
    package = load_package(package_folder)
    return package, Network(package)


@pytest.fixture
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "WINDOW_PX", 512)
    monkeypatch.setattr(windows, "SHARED_PX", 256)


def _labels(loaded: Loaded, pixels: NDArray[Any], factor: float = 1.0) -> NDArray[np.int32]:
    return Finder(*loaded, pixels, Stopwatch()).look(factor).labels


def _agreement(one: NDArray[np.int32], other: NDArray[np.int32]) -> float:
    """Share of all objects of both that have one of nearly the same pixels in the other."""
    return score("", one, other, (0.7,)).matches[0].average_precision


def _inner(labels: NDArray[np.int32], margin: int) -> NDArray[np.int32]:
    """Only the objects that reach nowhere into a margin."""
    edge = np.ones(labels.shape, np.bool_)
    edge[margin:-margin, margin:-margin] = False
    return np.where(np.isin(labels, np.unique(labels[edge])), 0, labels)


def test_an_image_of_4096_pixels_gives_the_objects_of_its_parts(loaded: Loaded, discs: Discs) -> None:
    pixels, count = discs((4096, 4096), 40, pitch=100)
    assert len(windows.windows(4096, 4096, 1.0)) > 1
    whole = _labels(loaded, pixels)
    assert whole.max() == pytest.approx(count, rel=3e-3)  # noise tears a few seeds
    part = np.s_[1700:2501, 1800:2300]
    assert _agreement(_inner(whole[part], 40), _inner(_labels(loaded, pixels[part]), 40)) == 1.0


@pytest.mark.usefixtures("small_windows")
@pytest.mark.parametrize(("diameter", "factor"), [(110, 1.0), (24, 1.0), (110, 0.4), (12, 2.0)])
def test_no_object_is_cut_or_doubled_where_windows_meet(
    loaded: Loaded, discs: Discs, diameter: int, factor: float
) -> None:
    shape = (900, 1400) if factor <= 1.0 else (400, 700)
    pixels, count = discs(shape, diameter, pitch=1.3 * diameter)
    assert len(windows.windows(*shape, factor)) > 1 or factor < 1.0
    labels = _labels(loaded, pixels, factor)
    assert labels.max() == len(np.unique(labels)) - 1 == pytest.approx(count, rel=0.02)
    whole = np.bincount(_inner(labels, 2).ravel())[1:]
    assert whole[whole > 0].min() > 0.6 * np.pi * diameter**2 / 4


@pytest.mark.skipif(not (SHIPPED / "model.toml").exists(), reason="the nuclei model isn't there yet")
def test_the_shipped_model_sees_the_same_in_other_tiles_other_windows_and_shifted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    package = load_package(SHIPPED)
    field = make_field(5, "C07", 1, FieldOptions(height=704, width=960, nuclei=50.0)).pixels
    big = Network(package)
    whole = _labels((package, big), field)
    assert whole.max() > 20
    told = package.description.input.model_copy(update={"tile_px": 320})
    monkeypatch.setattr(big, "_input", told)
    assert _agreement(whole, _labels((package, big), field)) > 0.95
    assert _agreement(_inner(whole[37:, 51:], 48), _inner(_labels((package, big), field[37:, 51:]), 48)) > 0.9
    monkeypatch.setattr(windows, "WINDOW_PX", 512)
    monkeypatch.setattr(windows, "SHARED_PX", 256)
    assert _agreement(whole, _labels((package, big), field)) > 0.95


@pytest.mark.usefixtures("small_windows")
def test_memory_beyond_image_and_labels_is_bounded(loaded: Loaded, discs: Discs) -> None:
    pixels = np.tile(discs((512, 512), 24)[0], (5, 5))
    # The maps alone would be 52 MB; statistics look at up to four million pixels.
    assert _peak(loaded, pixels) < 40_000_000


def _peak(loaded: Loaded, pixels: NDArray[np.uint16]) -> int:
    """Most bytes that NumPy held at once, less the labels."""
    tracemalloc.start()
    try:
        labels = _labels(loaded, pixels)
        return tracemalloc.get_traced_memory()[1] - labels.nbytes
    finally:
        tracemalloc.stop()


def test_the_scale_of_a_large_image_is_estimated_in_a_few_regions(
    loaded: Loaded, discs: Discs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finder, "WHOLE_PX", 300_000)
    monkeypatch.setattr(finder, "REGION_PX", 400)
    empty = np.full((1200, 1200), 200, np.uint16)
    empty += np.random.default_rng(0).integers(0, 20, empty.shape).astype(np.uint16)
    empty[700:, 600:], _ = discs((500, 600), 24)
    looked = Finder(*loaded, empty, Stopwatch())
    found = looked.diameters(1.0)
    assert 3 < len(found) < looked.look(1.0).labels.max()
    assert np.median(found) == pytest.approx(24, rel=0.15)


def test_regions_lie_in_the_image_and_apart() -> None:
    drawn = np.zeros((3000, 4000), np.uint8)
    for rows, columns in regions(3000, 4000):
        cv2.rectangle(drawn, (columns.start, rows.start), (columns.stop - 1, rows.stop - 1), 1, -1)
    assert np.count_nonzero(drawn) > 4 * finder.REGION_PX**2 * 0.8
