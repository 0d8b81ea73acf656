import numpy as np
import pytest

from pipelines.images.reader import Image
from pipelines.segmentation.measurements import ImageSummary, border_labels, measure, summarise


@pytest.fixture
def labels() -> np.ndarray:
    labels = np.zeros((10, 20), np.int32)
    labels[0:2, 0:4] = 1
    labels[4:8, 10:14] = 2
    return labels


@pytest.fixture
def pixels(labels: np.ndarray) -> np.ndarray:
    return np.where(labels == 2, 300, 100).astype(np.uint16)


def test_every_object_has_its_place_size_and_intensity(labels: np.ndarray, pixels: np.ndarray) -> None:
    objects = measure(Image(pixels, None, "a.tif"), labels)
    assert len(objects) == 2
    columns = objects.columns
    np.testing.assert_array_equal(columns["label"], [1, 2])
    np.testing.assert_allclose(columns["y_px"], [0.5, 5.5])
    np.testing.assert_allclose(columns["x_px"], [1.5, 11.5])
    np.testing.assert_allclose(columns["area_px"], [8, 16])
    np.testing.assert_allclose(columns["mean_intensity"], [100, 300])
    np.testing.assert_allclose(columns["equivalent_diameter_px"], np.sqrt(4 * np.array([8, 16]) / np.pi))
    np.testing.assert_allclose(columns["solidity"], [1, 1])
    np.testing.assert_array_equal(columns["touches_border"], [1, 0])
    assert not any(name.endswith(("_um", "_um2")) for name in columns)


def test_a_pixel_size_adds_micrometres(labels: np.ndarray, pixels: np.ndarray) -> None:
    columns = measure(Image(pixels, 0.5, "a.tif"), labels).columns
    np.testing.assert_allclose(columns["area_um2"], [2, 4])
    np.testing.assert_allclose(columns["x_um"], [0.75, 5.75])
    np.testing.assert_allclose(columns["equivalent_diameter_um"], columns["equivalent_diameter_px"] / 2)


def test_the_summary_counts_and_covers(labels: np.ndarray, pixels: np.ndarray) -> None:
    summary = summarise(measure(Image(pixels, 0.5, "a.tif"), labels), labels)
    assert (summary.count, summary.confluence) == (2, 24 / 200)
    assert (summary.mean_area_px, summary.mean_area_um2, summary.mean_intensity) == (12, 3, 200)


@pytest.mark.parametrize("shape", [(1, 1), (30, 40)])
def test_an_empty_image_has_a_summary_without_means(shape: tuple[int, int]) -> None:
    labels = np.zeros(shape, np.int32)
    objects = measure(Image(np.zeros(shape, np.uint8), 0.5, "a.tif"), labels)
    assert summarise(objects, labels) == ImageSummary(0, 0.0, None, None, None, None)
    assert "area_um2" in objects.columns


def test_an_object_of_one_pixel_is_measured() -> None:
    labels = np.ones((1, 1), np.int32)
    objects = measure(Image(np.full((1, 1), 7, np.uint8), None, "a.tif"), labels)
    assert {name: values.tolist() for name, values in objects.columns.items() if name != "equivalent_diameter_px"} == {
        "label": [1],
        "y_px": [0.0],
        "x_px": [0.0],
        "area_px": [1.0],
        "eccentricity": [0.0],
        "solidity": [1.0],
        "mean_intensity": [7.0],
        "minimum_intensity": [7.0],
        "maximum_intensity": [7.0],
        "touches_border": [1],
    }


def test_the_edge_cuts_what_touches_any_side() -> None:
    labels = np.zeros((9, 9), np.int32)
    labels[4, 0], labels[4, 8], labels[0, 4], labels[8, 4], labels[4, 4] = 1, 2, 3, 4, 5
    assert border_labels(labels).tolist() == [1, 2, 3, 4]
