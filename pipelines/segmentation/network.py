"""Runs a model package's network with OpenVINO on images of any size."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from pipelines.segmentation.errors import InferenceFailed, ModelPackageInvalid
from pipelines.segmentation.package import ModelPackage
from pipelines.segmentation.tiles import Tile, tiles

_HEADS = 2


class Network:
    """A compiled network; `predict` may be called from several threads, which then take turns."""

    def __init__(self, package: ModelPackage, cache_dir: Path | None = None, threads: int | None = None) -> None:
        """Compile the network for this machine's CPU.

        Args:
            package: The model.
            cache_dir: Where the compiled network is kept for the next start, or None.
            threads: CPU threads to use, or None for all.

        Raises:
            ModelPackageInvalid: OpenVINO can't read or compile the network, or it has other inputs or outputs.
        """
        self._input = package.description.input
        # Requests of one call run in parallel already; two calls at once would only double the memory.
        self._turn = threading.Lock()
        try:
            core = ov.Core()
            model = core.read_model(package.xml_path, package.bin_path)
            self._compiled = core.compile_model(model, "CPU", _options(cache_dir, threads))
            _check_ports(self._compiled, package.xml_path)
            self._queue = ov.AsyncInferQueue(self._compiled)
        except RuntimeError as error:
            raise ModelPackageInvalid(f"OpenVINO can't load {package.xml_path}: {error}") from error
        self._queue.set_callback(_keep_core)

    def predict(self, normalised: NDArray[np.float32]) -> NDArray[np.float32]:
        """Predict foreground and seeds, (H, W) float32 to (2, H, W) float32, seamlessly and for any size.

        Raises:
            InferenceFailed: OpenVINO gave up.
        """
        height, width = normalised.shape
        prediction = np.empty((_HEADS, height, width), np.float32)
        cut = tiles(height, width, self._input.tile_px, self._input.overlap_px, self._input.multiple_of)
        with self._turn:
            try:
                for tile in cut:
                    self._queue.start_async({"image": _pixels(normalised, tile)}, (prediction, tile))
            except RuntimeError as error:
                raise InferenceFailed(f"OpenVINO failed on an image of {width} × {height} pixels: {error}") from error
            finally:
                self._finish(width, height)
        return prediction

    def _finish(self, width: int, height: int) -> None:
        try:
            self._queue.wait_all()
        except RuntimeError as error:
            raise InferenceFailed(f"OpenVINO failed on an image of {width} × {height} pixels: {error}") from error


def _options(cache_dir: Path | None, threads: int | None) -> dict[str, Any]:
    options: dict[str, Any] = {"PERFORMANCE_HINT": "THROUGHPUT"}
    if cache_dir is not None:
        cache_dir.mkdir(parents=True, exist_ok=True)
        options["CACHE_DIR"] = str(cache_dir)
    if threads is not None:
        options["INFERENCE_NUM_THREADS"] = threads
    return options


def _check_ports(compiled: ov.CompiledModel, path: Path) -> None:
    inputs = [port.any_name for port in compiled.inputs]
    outputs = [port.any_name for port in compiled.outputs]
    if inputs != ["image"] or outputs != ["prediction"]:
        raise ModelPackageInvalid(
            f'{path} has the inputs {inputs} and outputs {outputs}; needed are ["image"] and ["prediction"].'
        )


def _pixels(normalised: NDArray[np.float32], tile: Tile) -> NDArray[np.float32]:
    """Cut out a tile as (1, 1, h, w), mirrored at the image's edge where the image is shorter than the tile."""
    rows, columns = tile.rows, tile.columns
    cut = normalised[rows.start : rows.start + rows.size, columns.start : columns.start + columns.size]
    missing = ((0, rows.size - cut.shape[0]), (0, columns.size - cut.shape[1]))
    return np.ascontiguousarray(np.pad(cut, missing, mode="symmetric")[np.newaxis, np.newaxis], dtype=np.float32)


def _keep_core(request: ov.InferRequest, job: tuple[NDArray[np.float32], Tile]) -> None:
    prediction, tile = job
    rows, columns = tile.rows, tile.columns
    predicted = request.get_output_tensor(0).data[0]
    prediction[:, rows.core, columns.core] = predicted[:, rows.core_in_tile, columns.core_in_tile]
