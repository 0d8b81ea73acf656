"""Model packages as users make them: a network that they have, and a model.toml written by hand."""

import hashlib
import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import pipelines  # noqa: F401  (before OpenVINO: it keeps OpenVINO's telemetry from loading)

ov = importlib.import_module("openvino")
ops = ov.opset13

_TOML = """
name = "own"
version = "3"
description = "A user's own model"
[files]
{files}
[input]
channels = {channels}
multiple_of = {multiple_of}
tile_px = 256
overlap_px = 64
low_percentile = 1.0
high_percentile = 99.8
minimum_range = 10.0
{input}
[output]
heads = {heads}
{output}
[scale]
median_diameter_px = 24.0
minimum_diameter_px = 12.0
maximum_diameter_px = 48.0
[classes]
names = ["disc"]
"""
_USUAL = {"channels": "1", "multiple_of": "32", "heads": '["foreground"]', "input": "", "output": ""}


def onnx_package(folder: Path, network: bytes, told: Mapping[str, str]) -> Path:
    """A package of one ONNX file; `told` changes values of model.toml."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cells.onnx").write_bytes(network)
    files = f'model = "cells.onnx"\nmodel_sha256 = "{hashlib.sha256(network).hexdigest()}"'
    return _described(folder, files, told)


def ir_package(folder: Path, network: Any, told: Mapping[str, str]) -> Path:
    """A package of OpenVINO's files."""
    folder.mkdir(parents=True, exist_ok=True)
    ov.save_model(network, folder / "net.xml", compress_to_fp16=False)
    kinds = {kind: folder / f"net.{kind}" for kind in ("xml", "bin")}
    digests = {kind: hashlib.sha256(path.read_bytes()).hexdigest() for kind, path in kinds.items()}
    files = [f'{kind} = "net.{kind}"\n{kind}_sha256 = "{digests[kind]}"' for kind in kinds]
    return _described(folder, "\n".join(files), told)


def picture(channels: int = 1, height: int = -1, width: int = -1) -> Any:
    """A network's input under a name of the user's own."""
    node = ops.parameter([-1, channels, height, width], np.float32, name="picture")
    node.output(0).set_names({"picture"})
    return node


def bright(image: Any, gain: float = 20.0) -> Any:
    """Logits above 0 where an image is brighter than 0.5."""
    return ops.multiply(ops.subtract(image, np.float32(0.5)), np.float32(gain))


def network(image: Any, *results: Any) -> Any:
    return ov.Model(list(results), [image], "own")


def _described(folder: Path, files: str, told: Mapping[str, str]) -> Path:
    (folder / "model.toml").write_text(_TOML.format(files=files, **{**_USUAL, **told}), encoding="utf-8")
    return folder
