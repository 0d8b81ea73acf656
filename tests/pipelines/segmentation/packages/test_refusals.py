"""A package that doesn't fit is refused, with the reason in plain words and something to do about it."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.segmentation.errors import ModelPackageInvalid
from pipelines.segmentation.network import Network
from pipelines.segmentation.package import load_package
from pipelines.segmentation.packages.verify import verified
from tests.pipelines.segmentation.packages.onnx_bytes import bright_network
from tests.pipelines.segmentation.packages.own_models import bright, ir_package, network, onnx_package, ops, picture


def flat() -> Any:
    image = ops.parameter([1, -1, -1], np.float32, name="picture")
    return network(image, ops.sigmoid(image))


def colour() -> Any:
    image = picture(channels=3)
    return network(image, ops.sigmoid(ops.reduce_mean(image, np.array([1], np.int64), keep_dims=True)))


def two_inputs() -> Any:
    image, other = picture(), ops.parameter([-1, 1, -1, -1], np.float32, name="weight")
    return type(network(image, image))([ops.sigmoid(ops.add(image, other))], [image, other], "two")


def two_outputs() -> Any:
    image = picture()
    return network(image, ops.sigmoid(image), ops.negative(image))


def three_maps() -> Any:
    image = picture()
    return network(image, ops.sigmoid(ops.concat([image, image, image], axis=1)))


def half_size() -> Any:
    image = picture()
    return network(image, ops.avg_pool(ops.sigmoid(image), [2, 2], [0, 0], [0, 0], [2, 2], False))


def one_size() -> Any:
    image = picture(height=64, width=64)
    flattened = ops.reshape(image, np.array([1, 64 * 64], np.int64), False)
    return network(image, ops.sigmoid(ops.reshape(flattened, np.array([1, 1, 64, 64], np.int64), False)))


def no_numbers() -> Any:
    image = picture()
    return network(image, ops.sqrt(ops.subtract(image, np.float32(100))))


def logits() -> Any:
    image = picture()
    return network(image, bright(image))


def halves() -> Any:
    """Takes multiples of 64 only, as a U-Net with six halvings."""
    image = picture()
    coarse = ops.avg_pool(image, [64, 64], [0, 0], [0, 0], [64, 64], False)
    fine = ops.interpolate(coarse, np.array([64, 64], np.float32), "nearest", "scales", axes=[2, 3])
    return network(image, ops.sigmoid(ops.concat([image, fine], axis=1)))


NETWORKS: list[tuple[Callable[[], Any], dict[str, str], str, str]] = [
    (flat, {}, "four dimensions", "channels, height, width"),
    (colour, {}, "reads 3 channels, model.toml says 1", "channels first"),
    (two_inputs, {"input": 'port = "picture"'}, "an image is all it can get", "Export the network"),
    (two_inputs, {}, "2 inputs", "port"),
    (two_outputs, {}, "2 outputs", r"\[output\]"),
    (two_outputs, {"output": 'port = "mask"'}, "no output called mask", "port"),
    (three_maps, {"heads": '["seed", "foreground"]'}, r"names 2 heads \(seed, foreground\)", "one for each channel"),
    (three_maps, {"heads": '["foreground", "seed"]'}, r"names 2 heads \(foreground, seed\)", "one for each channel"),
    (half_size, {}, "with maps of 16 × 32", "the image's size"),
    (one_size, {}, "doesn't take an image|images of 64 × 64 pixels only", "dynamic"),
    (halves, {"heads": '["foreground", "seed"]'}, "doesn't take an image of 32 × 64 pixels", "multiple_of"),
    (no_numbers, {}, "NaN", "FP32"),
    (logits, {}, "goes from -30 to 70|lies between 0 and 1", 'activation = "sigmoid"'),
]


@pytest.mark.parametrize(("made", "told", "cause", "step"), NETWORKS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_network_that_does_not_fit_is_refused(
    tmp_path: Path, made: Callable[[], Any], told: dict[str, str], cause: str, step: str
) -> None:
    folder = ir_package(tmp_path, made(), told)
    with pytest.raises(ModelPackageInvalid, match=cause) as refused:
        Network(load_package(folder))
    failed = [check for check in verified(folder) if check.well is False]
    assert [check.detail for check in failed] == [refused.value.cause]
    assert failed[0].next_step == refused.value.next_step != ModelPackageInvalid.default_next_step
    assert re.search(step, failed[0].next_step)


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        ('["foreground"]', '["foreground", "hole"]', "output.heads"),
        ('["foreground"]', '["foreground", "foreground"]', "each map once"),
        ('["foreground"]', "[]", "must contain"),
        ('["foreground"]', '["foreground", "offset_y"]', "need each other"),
        ("channels = 1", "channels = 2\nchannel_names = ['DAPI', 'DAPI']", "each channel once"),
        ("channels = 1", "channels = 1\nlayout = 'NHWC'", "input.layout"),
        ('model = "cells.onnx"', 'xml = "cells.onnx"', "or model and model_sha256"),
        ('model = "cells.onnx"', 'model = "../cells.onnx"', "files.model"),
        ('model = "cells.onnx"', 'model = "other.onnx"', "can't be read"),
        ("tile_px = 256", "tile_px = 255", "divisible"),
        ('version = "3"', 'version = "3"\nprecision = "fp8"', "precision"),
        ('version = "3"', "version = 3,", "can't be parsed"),
    ],
)
def test_a_description_that_does_not_fit_is_refused(tmp_path: Path, old: str, new: str, cause: str) -> None:
    folder = onnx_package(tmp_path, bright_network(), {})
    toml = folder / "model.toml"
    text = toml.read_text(encoding="utf-8")
    assert old in text
    toml.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ModelPackageInvalid, match=cause) as refused:
        load_package(folder)
    assert refused.value.next_step != ModelPackageInvalid.default_next_step


def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelPackageInvalid, match="OpenVINO can't read"):
        Network(load_package(onnx_package(tmp_path, b"not a network", {})))


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = onnx_package(tmp_path / "package", bright_network(), {})
    try:
        (folder / "cells.onnx").rename(tmp_path / "elsewhere.onnx")
        (folder / "cells.onnx").symlink_to(tmp_path / "elsewhere.onnx")
    except OSError:
        pytest.skip("this file system has no links")
    with pytest.raises(ModelPackageInvalid, match="leads out of the model package"):
        load_package(folder)
