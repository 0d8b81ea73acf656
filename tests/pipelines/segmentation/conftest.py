"""A real, tiny OpenVINO model in a package of its own, and fields of blurred discs with a known count."""

import hashlib
import importlib
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.segmentation.instances import InstanceParameters
from pipelines.segmentation.segment import Segmenter

# After `pipelines`, which keeps OpenVINO from reporting that it was imported.
ov = importlib.import_module("openvino")
ops = ov.opset13
Field = NDArray[np.uint16]

_TOML = """
name = "discs"
version = "1.0.0"
description = "Bright discs, for tests"
[files]
xml = "model.xml"
bin = "model.bin"
xml_sha256 = "{xml}"
bin_sha256 = "{bin}"
[input]
channels = 1
multiple_of = 32
tile_px = 256
overlap_px = 64
low_percentile = 1.0
high_percentile = 99.8
minimum_range = 10.0
[output]
heads = ["foreground", "seed"]
[instances]
{instances}
[scale]
median_diameter_px = 24.0
minimum_diameter_px = 12.0
maximum_diameter_px = 48.0
[classes]
names = ["disc"]
[training]
anything = "goes here"
"""


def tiny_network() -> Any:
    """Foreground where it is bright, seeds where 9 × 9 pixels are bright; takes multiples of 32 only, as a U-Net."""
    image = ops.parameter([-1, 1, -1, -1], np.float32, name="image")
    image.output(0).set_names({"image"})
    box = ops.constant(np.full((1, 1, 9, 9), 1 / 81, np.float32))
    blurred = ops.convolution(image, box, [1, 1], [4, 4], [4, 4], [1, 1])
    coarse = ops.avg_pool(image, [32, 32], [0, 0], [0, 0], [32, 32], False)
    fine = ops.interpolate(coarse, np.array([32, 32], np.float32), "nearest", "scales", axes=[2, 3])
    nothing = ops.multiply(fine, np.float32(0.0))
    foreground = ops.sigmoid(ops.multiply(ops.subtract(image, np.float32(0.5)), np.float32(20.0)))
    seed = ops.sigmoid(ops.multiply(ops.subtract(blurred, np.float32(0.75)), np.float32(20.0)))
    prediction = ops.concat([ops.add(foreground, nothing), ops.add(seed, nothing)], axis=1)
    prediction.output(0).set_names({"prediction"})
    return ov.Model([prediction], [image], "discs")


def save_package(folder: Path, network: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    ov.save_model(network, folder / "model.xml", compress_to_fp16=False)
    digests = {kind: hashlib.sha256((folder / f"model.{kind}").read_bytes()).hexdigest() for kind in ("xml", "bin")}
    instances = "\n".join(f"{name} = {value}" for name, value in asdict(InstanceParameters()).items())
    (folder / "model.toml").write_text(_TOML.format(instances=instances, **digests), encoding="utf-8")
    return folder


def disc_field(shape: tuple[int, int], diameter: float, pitch: float | None = None, seed: int = 0) -> tuple[Field, int]:
    """12-bit discs on a jittered grid that nowhere touch, blurred and noisy; some are cut by the edge."""
    random = np.random.default_rng(seed)
    pitch = pitch or 2.2 * diameter
    field = np.zeros(shape, np.float32)
    count = 0
    for y in np.arange(pitch / 2, shape[0], pitch):
        for x in np.arange(pitch / 2, shape[1], pitch):
            centre = (int(x + random.uniform(-0.1, 0.1) * pitch), int(y + random.uniform(-0.1, 0.1) * pitch))
            cv2.circle(field, centre, round(diameter / 2), float(random.uniform(1500, 2500)), -1)
            count += 1
    blurred = cv2.GaussianBlur(field, (0, 0), 1.0)
    return np.clip(blurred + random.normal(200, 10, shape), 0, 4095).astype(np.uint16), count


@pytest.fixture(scope="session")
def package_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_package(tmp_path_factory.mktemp("package"), tiny_network())


@pytest.fixture(scope="session")
def segmenter(package_folder: Path) -> Segmenter:
    return Segmenter(package_folder)


@pytest.fixture
def fresh_package(tmp_path: Path) -> Path:
    """A package of the test's own, to damage."""
    return save_package(tmp_path / "package", tiny_network())


@pytest.fixture(scope="session")
def discs() -> Callable[..., tuple[Field, int]]:
    return disc_field


@pytest.fixture(scope="session")
def packager() -> Callable[[Path, Any], Path]:
    return save_package
