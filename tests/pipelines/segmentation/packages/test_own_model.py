"""A network that a user has, in OpenVINO's form or ONNX, counts without a line of code."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.images.reader import Image
from pipelines.segmentation.network import Network
from pipelines.segmentation.package import load_package
from pipelines.segmentation.segment import Segmenter
from tests.pipelines.segmentation.packages.onnx_bytes import bright_network
from tests.pipelines.segmentation.packages.own_models import bright, ir_package, network, onnx_package, ops, picture

Discs = Callable[..., tuple[NDArray[np.uint16], int]]
LOGITS = {"output": 'activation = "sigmoid"'}


@pytest.mark.parametrize("sizes", [("n", 1, "h", "w"), (1, 1, 256, 256)], ids=["any size", "a fixed size"])
def test_an_onnx_file_with_logits_and_no_seeds_counts_discs(tmp_path: Path, discs: Discs, sizes: list[int]) -> None:
    pixels, count = discs((300, 420), 24)
    found = Segmenter(onnx_package(tmp_path, bright_network(sizes), LOGITS)).segment(Image(pixels, None, "a.tif"))
    assert found.count == count


def test_touching_discs_are_told_apart_by_their_depth(tmp_path: Path, discs: Discs) -> None:
    pixels, count = discs((400, 400), 28, pitch=30)
    found = Segmenter(onnx_package(tmp_path, bright_network(), LOGITS)).segment(Image(pixels, None, "a.tif"), 28)
    assert found.count == pytest.approx(count, rel=0.05)


def test_an_openvino_network_of_half_precision_counts_discs(tmp_path: Path, discs: Discs) -> None:
    image = ops.parameter([-1, 1, -1, -1], np.float16, name="picture")
    half = ops.sigmoid(ops.multiply(ops.subtract(image, np.float16(0.5)), np.float16(20)))
    pixels, count = discs((300, 420), 24)
    found = Segmenter(ir_package(tmp_path, network(image, half), {})).segment(Image(pixels, None, "a.tif"))
    assert found.count == count


def test_heads_come_in_the_codes_order_and_only_probabilities_are_made_such(tmp_path: Path) -> None:
    image = picture()
    maps = [ops.multiply(image, np.float32(9)), bright(image), ops.multiply(image, np.float32(-9)), bright(image, 2.0)]
    told = {"heads": '["offset_x", "foreground", "offset_y", "seed"]', **LOGITS}
    package = load_package(ir_package(tmp_path, network(image, ops.concat(maps, axis=1)), told))
    seen = np.linspace(0, 1, 64 * 64, dtype=np.float32).reshape(64, 64)
    foreground, seed, contact, offset_y, offset_x = Network(package).predict(seen)
    assert package.description.output.ordered == ("foreground", "seed", "offset_y", "offset_x")
    np.testing.assert_allclose(foreground, 1 / (1 + np.exp(-20 * (seen - 0.5))), atol=0.05)
    np.testing.assert_allclose(seed, 1 / (1 + np.exp(-2 * (seen - 0.5))), atol=0.05)
    assert not contact.any()
    np.testing.assert_allclose(offset_y, -9 * seen, atol=0.1)
    np.testing.assert_allclose(offset_x, 9 * seen, atol=0.1)


def test_of_several_outputs_the_named_one_counts(tmp_path: Path) -> None:
    image = picture()
    nonsense, wanted = ops.negative(image), ops.sigmoid(bright(image))
    nonsense.output(0).set_names({"embedding"})
    wanted.output(0).set_names({"mask"})
    package = load_package(ir_package(tmp_path, network(image, nonsense, wanted), {"output": 'port = "mask"'}))
    assert Network(package).predict(np.ones((32, 32), np.float32))[0].min() > 0.9


def test_a_network_may_look_at_several_channels(tmp_path: Path) -> None:
    image = picture(channels=2)
    dimmest = ops.reduce_min(image, np.array([1], np.int64), keep_dims=True)
    told = {"channels": "2", "input": 'channel_names = ["DAPI", "GFP"]', **LOGITS}
    package = load_package(ir_package(tmp_path, network(image, bright(dimmest)), told))
    assert package.description.input.channel_names == ("DAPI", "GFP")
    seen = np.stack([np.ones((40, 50), np.float32), np.tile(np.array([0, 1], np.float32), (40, 25))])
    assert np.array_equal(Network(package).predict(seen)[0] > 0.5, seen[1] > 0.5)
