from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from skimage.measure import label, regionprops_table

from pipelines.images.reader import Image, read_image
from pipelines.segmentation import runs
from pipelines.segmentation.measurements import ObjectTable, border_labels, measure, summarise

LIKE_SCIKIT_IMAGE = {
    "label": "label",
    "x_px": "centroid-1",
    "y_px": "centroid-0",
    "area_px": "area",
    "equivalent_diameter_px": "equivalent_diameter_area",
    "major_axis_px": "axis_major_length",
    "minor_axis_px": "axis_minor_length",
    "perimeter_px": "perimeter",
    "eccentricity": "eccentricity",
    "solidity": "solidity",
    "mean_intensity": "intensity_mean",
    "minimum_intensity": "intensity_min",
    "maximum_intensity": "intensity_max",
}


@pytest.fixture
def labels() -> NDArray[np.int32]:
    labels = np.zeros((10, 20), np.int32)
    labels[0:2, 0:4] = 1
    labels[4:8, 10:14] = 2
    return labels


@pytest.fixture
def pixels(labels: NDArray[np.int32]) -> NDArray[np.uint16]:
    return np.where(labels == 2, 300, 100).astype(np.uint16)


def _discs(random: np.random.Generator) -> NDArray[np.int32]:
    y, x = np.mgrid[:120, :150]
    labels = np.zeros((120, 150), np.int32)
    for number in range(1, 40):
        cy, cx, ry, rx = *random.uniform(0, 150, 2), *random.uniform(1, 14, 2)
        labels[((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2 < 1] = number  # some cut, some torn, some hidden
    return labels


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("objects", ["discs", "ragged", "scattered"])
def test_every_number_is_scikit_images(objects: str, kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "BAND_PIXELS", 3000)  # several bands, and objects across them
    random = np.random.default_rng(5)
    if objects == "discs":
        labels = _discs(random)
    elif objects == "ragged":  # holes, spikes, single pixels, corners that touch
        labels = label(random.random((90, 110)) > 0.55, connectivity=2).astype(np.int32)
    else:
        labels = random.integers(0, 7, (40, 50)).astype(np.int32)
    pixels: NDArray[Any] = random.uniform(0, 250, labels.shape).astype(kind)
    measured = measure(Image(pixels, None, "a.tif"), labels).columns
    known = regionprops_table(labels, pixels, properties=sorted({n.split("-")[0] for n in LIKE_SCIKIT_IMAGE.values()}))
    for ours, theirs in LIKE_SCIKIT_IMAGE.items():
        np.testing.assert_allclose(measured[ours], known[theirs], rtol=1e-6, atol=1e-7, err_msg=ours)


def test_every_object_has_its_place_size_and_intensity(labels: NDArray[np.int32], pixels: NDArray[np.uint16]) -> None:
    objects = measure(Image(pixels, None, "a.tif"), labels)
    assert len(objects) == 2
    columns = objects.columns
    np.testing.assert_allclose(columns["y_px"], [0.5, 5.5])
    np.testing.assert_allclose(columns["x_px"], [1.5, 11.5])
    np.testing.assert_array_equal(columns["area_px"], [8, 16])
    np.testing.assert_allclose(columns["circularity"], [1, 1])
    np.testing.assert_array_equal(columns["integrated_intensity"], [800, 4800])
    np.testing.assert_array_equal(columns["touches_border"], [1, 0])
    assert not any(name.endswith(("_um", "_um2")) for name in columns)


def test_the_background_is_taken_off(labels: NDArray[np.int32], pixels: NDArray[np.uint16]) -> None:
    objects = measure(Image(pixels, None, "a.tif"), labels)
    assert objects.background == 100
    np.testing.assert_allclose(objects.columns["mean_above_background"], [0, 200])
    np.testing.assert_allclose(objects.columns["integrated_above_background"], [0, 3200])


def test_a_pixel_size_adds_micrometres(labels: NDArray[np.int32], pixels: NDArray[np.uint16]) -> None:
    columns = measure(Image(pixels, 0.5, "a.tif"), labels).columns
    np.testing.assert_allclose(columns["area_um2"], [2, 4])
    np.testing.assert_allclose(columns["x_um"], [0.75, 5.75])
    for name in ("equivalent_diameter", "major_axis", "minor_axis", "perimeter"):
        np.testing.assert_allclose(columns[f"{name}_um"], columns[f"{name}_px"] / 2)


def test_pixels_that_are_not_square_give_right_areas(tmp_path: Path, labels: NDArray[np.int32]) -> None:
    sizes = {"PhysicalSizeX": 0.5, "PhysicalSizeY": 0.8, "PhysicalSizeXUnit": "µm", "PhysicalSizeYUnit": "µm"}
    tifffile.imwrite(tmp_path / "a.tif", labels.astype(np.uint16), ome=True, metadata={"axes": "YX", **sizes})
    columns = measure(read_image(tmp_path / "a.tif"), labels).columns
    np.testing.assert_allclose(columns["area_um2"], columns["area_px"] * 0.4)


def test_the_summary_counts_covers_and_averages(labels: NDArray[np.int32], pixels: NDArray[np.uint16]) -> None:
    summary = summarise(measure(Image(pixels, 0.5, "a.tif"), labels), labels)
    assert (summary.count, summary.border_count, summary.confluence) == (2, 1, 24 / 200)
    assert (summary.mean_area_px, summary.mean_area_um2, summary.mean_intensity) == (12, 3, 200)
    assert (summary.background_intensity, summary.mean_above_background) == (100, 100)
    assert summary.density_per_mm2 == pytest.approx(2 / (200 * 0.25e-6))
    assert summary.median_diameter_px is not None
    assert summary.median_diameter_um == pytest.approx(summary.median_diameter_px / 2)


def _told(objects: ObjectTable, labels: NDArray[np.int32]) -> dict[str, float]:
    return {name: value for name, value in vars(summarise(objects, labels)).items() if value is not None}


@pytest.mark.parametrize("shape", [(1, 1), (30, 40)])
def test_an_empty_image_has_a_summary_without_means(shape: tuple[int, int]) -> None:
    labels = np.zeros(shape, np.int32)
    objects = measure(Image(np.full(shape, 9, np.uint8), 0.5, "a.tif"), labels)
    nothing = {"count": 0, "border_count": 0, "confluence": 0, "density_per_mm2": 0, "background_intensity": 9}
    assert _told(objects, labels) == nothing
    assert "area_um2" in objects.columns


def test_an_object_that_is_the_whole_image_has_no_background() -> None:
    labels = np.ones((1, 1), np.int32)
    objects = measure(Image(np.full((1, 1), 7, np.uint8), None, "a.tif"), labels)
    values = {name: column.tolist()[0] for name, column in objects.columns.items()}
    assert np.isnan([values.pop("mean_above_background"), values.pop("integrated_above_background")]).all()
    assert values.pop("equivalent_diameter_px") == pytest.approx(2 / np.sqrt(np.pi))
    assert {name: value for name, value in values.items() if value} == {
        "label": 1,
        "area_px": 1,
        "circularity": 1,
        "solidity": 1,
        "mean_intensity": 7,
        "minimum_intensity": 7,
        "maximum_intensity": 7,
        "integrated_intensity": 7,
        "touches_border": 1,
    }
    assert not {"background_intensity", "mean_above_background"} & set(_told(objects, labels))


def test_seventy_thousand_objects_are_measured() -> None:
    labels = np.zeros((1060, 1060), np.int32)
    labels[::4, ::4] = labels[1::4, ::4] = np.arange(1, 265 * 265 + 1).reshape(265, 265)
    objects = measure(Image(np.ones(labels.shape, np.uint16), None, "a.tif"), labels)
    assert len(objects) == 265 * 265 > 70_000
    assert (objects.columns["area_px"] == 2).all()
    assert (objects.columns["solidity"] == 1).all()


def test_the_edge_cuts_what_touches_any_side() -> None:
    labels = np.zeros((9, 9), np.int32)
    labels[4, 0], labels[4, 8], labels[0, 4], labels[8, 4], labels[4, 4] = 1, 2, 3, 4, 5
    assert border_labels(labels).tolist() == [1, 2, 3, 4]
