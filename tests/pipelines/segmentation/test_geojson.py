"""GeoJSON read back and filled in again gives the labels that it was made from, pixel by pixel."""

import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.draw import polygon2mask
from skimage.measure import label

from pipelines.images.reader import Image
from pipelines.segmentation.geojson import as_geojson
from pipelines.segmentation.measurements import measure


def _features(labels: NDArray[np.int32], pixel_size_um: float | None = None) -> list[dict[str, Any]]:
    objects = measure(Image(np.full(labels.shape, 5, np.uint16), pixel_size_um, "a.tif"), labels)
    told = json.loads(as_geojson(labels, objects))
    assert told["type"] == "FeatureCollection"
    features: list[dict[str, Any]] = told["features"]
    return features


def _polygons(feature: dict[str, Any]) -> list[list[list[list[int]]]]:
    geometry = feature["geometry"]
    found: list[list[list[list[int]]]] = geometry["coordinates"]
    return found if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]


def _filled(features: list[dict[str, Any]], shape: tuple[int, int]) -> NDArray[np.int32]:
    labels = np.zeros(shape, np.int32)
    for feature in features:
        for shell, *holes in _polygons(feature):
            inside, *out = (polygon2mask(shape, np.array(ring)[:, ::-1] - 0.5) for ring in (shell, *holes))
            for hole in out:
                assert not (hole & ~inside).any()  # every hole lies in its own shell
                inside = inside & ~hole
            labels[inside] = int(feature["properties"]["name"])
    return labels


def _area(ring: list[list[int]]) -> float:
    x, y = np.array(ring, float).T
    return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum() / 2)


@pytest.mark.parametrize("case", ["blobs", "ragged", "scattered", "nested"])
def test_outlines_filled_in_are_the_objects(case: str) -> None:
    random = np.random.default_rng(3)
    if case == "blobs":
        y, x = np.mgrid[:80, :90]
        labels = ((np.hypot(y - 30, x - 30) < 20) + 2 * (np.hypot(y - 60, x - 85) < 15)).astype(np.int32)
    elif case == "nested":  # a piece in the hole of another piece of the same object
        labels = np.zeros((20, 20), np.int32)
        for number, edge in enumerate(range(0, 9, 2)):
            labels[edge : 20 - edge, edge : 20 - edge] = 1 - number % 2
    else:
        noise = random.random((50, 60)) > 0.5
        labels = (
            label(noise, connectivity=2) if case == "ragged" else noise * random.integers(1, 5, noise.shape)
        ).astype(np.int32)
    features = _features(labels)
    np.testing.assert_array_equal(_filled(features, labels.shape), labels)
    for feature in features:
        for shell, *holes in _polygons(feature):
            assert _area(shell) > 0
            assert all(_area(hole) < 0 for hole in holes)


def test_rings_are_closed_and_pass_no_corner_twice() -> None:
    labels = (np.random.default_rng(4).random((40, 40)) > 0.4).astype(np.int32)
    for feature in _features(labels):
        for ring in (ring for polygon in _polygons(feature) for ring in polygon):
            assert ring[0] == ring[-1]
            assert len({tuple(corner) for corner in ring}) == len(ring) - 1 >= 4


def test_one_pixel_is_a_square_of_its_own_size_in_the_frame_of_the_image() -> None:
    labels = np.zeros((5, 9), np.int32)
    labels[2, 7] = 4
    (feature,) = _features(labels)
    assert feature["geometry"] == {"type": "Polygon", "coordinates": [[[7, 2], [8, 2], [8, 3], [7, 3], [7, 2]]]}


def test_objects_are_detections_with_their_measurements() -> None:
    labels = np.zeros((8, 8), np.int32)
    labels[1:3, 1:5], labels[5:7, 2:4] = 1, 2
    features = _features(labels, 0.5)
    assert [feature["type"] for feature in features] == ["Feature", "Feature"]
    first = features[0]["properties"]
    assert (first["objectType"], first["name"]) == ("detection", "1")
    assert (first["measurements"]["area_px"], first["measurements"]["area_um2"]) == (8, 2)


def test_what_is_no_number_and_what_is_no_object_are_left_out() -> None:
    assert _features(np.zeros((3, 4), np.int32)) == []
    (whole,) = _features(np.ones((3, 4), np.int32))
    assert whole["geometry"]["coordinates"] == [[[0, 0], [4, 0], [4, 3], [0, 3], [0, 0]]]
    assert "mean_above_background" not in whole["properties"]["measurements"]
