"""The images are hard enough that a global threshold fails, and fair enough that care succeeds."""

import numpy as np
import pytest
from scipy import ndimage
from skimage.feature import peak_local_max
from skimage.filters import threshold_otsu
from skimage.measure import label
from skimage.segmentation import watershed

from pipelines.instrument import Field, FieldOptions, make_field
from pipelines.instrument.optics import Pixels


@pytest.fixture(scope="module")
def fields() -> list[Field]:
    return [make_field(3, f"C{column:02d}", 1) for column in range(1, 13)]


def test_otsu_and_connected_components_count_wrong(fields: list[Field]) -> None:
    errors = [abs(_otsu_count(field.pixels) / field.count - 1) for field in fields]

    assert np.mean(errors) > 0.15


def test_otsu_finds_things_on_a_blank_well() -> None:
    assert _otsu_count(make_field(3, "H12", 1, FieldOptions(blank=True)).pixels) > 50


def test_a_local_threshold_with_watershed_comes_close(fields: list[Field]) -> None:
    errors = [abs(_careful_count(field.pixels) / field.count - 1) for field in fields]

    assert np.mean(errors) < 0.08


def _otsu_count(pixels: Pixels) -> int:
    return int(label(pixels > threshold_otsu(pixels)).max())


def _careful_count(pixels: Pixels) -> int:
    smooth = ndimage.gaussian_filter(pixels.astype(float), 1.0)
    background = (
        ndimage.gaussian_filter(ndimage.percentile_filter(smooth[::4, ::4], 20, 31), 4).repeat(4, 0).repeat(4, 1)
    )
    # Half of the local brightness, yet never less than dim nuclei have.
    local = ndimage.gaussian_filter(ndimage.maximum_filter(smooth - background, 15), 4)
    inside = ndimage.binary_opening(smooth - background > np.maximum(0.4 * local, 35), iterations=2)
    distance = ndimage.gaussian_filter(ndimage.distance_transform_edt(inside), 1.5)
    peaks = peak_local_max(distance, min_distance=6, labels=label(inside), exclude_border=False)
    seeds = np.zeros(pixels.shape, dtype=int)
    seeds[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    areas = np.bincount(watershed(-distance, seeds, mask=inside).ravel())[1:]
    return int(np.count_nonzero(areas > 60))
