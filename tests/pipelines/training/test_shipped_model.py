"""The model that ships counts what it shall, and nothing where there is nothing."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from pipelines.segmentation.instances import label_instances
from pipelines.segmentation.network import Network
from pipelines.segmentation.normalise import normalise
from pipelines.segmentation.package import ModelPackage, load_package
from pipelines.training.__main__ import app
from pipelines.training.matching import match
from tests.pipelines.training.specimen import image, labelled_discs, write_folder

FOLDER = Path(__file__).parents[3] / "pipelines" / "nuclei" / "model"
Counter = tuple[ModelPackage, Network]


@pytest.fixture(scope="module")
def counter() -> Counter:
    package = load_package(FOLDER)
    return package, Network(package, threads=1)


def found(counter: Counter, pixels: NDArray[np.generic]) -> NDArray[np.int32]:
    package, network = counter
    told = package.description.input
    normalised = normalise(pixels, told.low_percentile, told.high_percentile, told.minimum_range)
    return label_instances(network.predict(normalised), package.instances)


def camera(light: NDArray[np.float64], noise: float, seed: int) -> NDArray[np.uint16]:
    recorded = light + np.random.default_rng(seed).normal(0.0, noise, light.shape)
    return np.round(recorded).clip(0, 65535).astype(np.uint16)


@pytest.mark.parametrize(("offset", "noise"), [(120.0, 2.0), (120.0, 8.0), (1000.0, 30.0), (10.0, 0.6)])
def test_camera_noise_holds_no_nucleus(counter: Counter, offset: float, noise: float) -> None:
    assert not found(counter, camera(np.full((384, 384), offset), noise, 1)).any()


@pytest.mark.parametrize("strength", [0.1, 0.5])
def test_uneven_illumination_holds_no_nucleus(counter: Counter, strength: float) -> None:
    rows, columns = np.mgrid[-1:1:384j, -1:1:384j]
    vignette = 600.0 * (1.0 - strength * (rows**2 + columns**2) / 2.0)
    assert not found(counter, camera(vignette, 6.0, 2)).any()


@pytest.mark.parametrize("radius", [7, 12, 25, 45])
def test_discs_of_many_sizes_are_counted(counter: Counter, radius: int) -> None:
    pitch = 3 * radius
    size = 4 * pitch
    places = [(r * pitch + pitch // 2, c * pitch + pitch // 2, radius) for r in range(4) for c in range(4)]
    labels = labelled_discs(*places, size=size)
    light = 150.0 + 900.0 * cv2.GaussianBlur((labels > 0).astype(np.float64), (0, 0), 1.0 + radius / 20.0)
    objects = found(counter, camera(light, 12.0, 3))
    assert match(labels, objects, 0.7).tp == 16
    assert int(objects.max()) == 16


def test_the_command_line_measures_it_on_a_folder(tmp_path: Path) -> None:
    write_folder(tmp_path / "val", [image("disc1", 1), image("disc2", 2)])
    file = tmp_path / "scores.json"
    command = ["evaluate", "--data", str(tmp_path), "--package", str(FOLDER), "--json", str(file)]
    run = CliRunner().invoke(app, command)
    assert run.exit_code == 0, run.output
    assert json.loads(file.read_text(encoding="utf-8"))["summary"]["average_precision"][0] > 0.9


def test_the_model_is_small_and_says_where_it_comes_from(counter: Counter) -> None:
    package = counter[0]
    assert sum(path.stat().st_size for path in (package.network_path, package.weights_path) if path) <= 8_000_000
    assert "CC0" in package.description.training["licence"]
    assert package.description.quality["val_ap_050"] >= 0.75
