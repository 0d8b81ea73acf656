"""Runs a model package's network with OpenVINO on images of any size."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from pipelines.images.errors import PlaneNotFound
from pipelines.segmentation.errors import InferenceFailed, ModelPackageInvalid
from pipelines.segmentation.normalise import GreyRange
from pipelines.segmentation.package import ModelPackage
from pipelines.segmentation.packages.reading import read_network
from pipelines.segmentation.packages.trial import try_out
from pipelines.segmentation.precision import Precision, chosen_hint, precision_of
from pipelines.segmentation.seedless import completed
from pipelines.segmentation.tiles import Tile, tiles

WHOLE_PX: Final = 600_000
"""An image up to this size isn't cut to be computed by several streams: its parts would compute their overlap twice."""


class Network:
    """A compiled network; `predict` may be called from several threads: small images go at once, large ones in turn.

    Attributes:
        precision: In what most of it computes on this machine.
    """

    precision: Precision

    def __init__(
        self,
        package: ModelPackage,
        cache_dir: Path | None = None,
        threads: int | None = None,
        precision: str | None = None,
    ) -> None:
        """Compile the network for this machine's CPU.

        Args:
            package: The model.
            cache_dir: Where the compiled network is kept for the next start, or None. Encrypted ones never are.
            threads: CPU threads to use, or None for all.
            precision: `fp32`, `bf16` or `auto`; None asks the environment. Quantised layers stay so.

        Raises:
            ModelPackageInvalid: OpenVINO can't read or compile the network, or it isn't what model.toml says.
            ModelKeyMissing: The package is encrypted, and there is no key.
            ModelKeyWrong: It was encrypted with another key.
            SettingsInvalid: There is no such precision.
        """
        self._input, self._heads = package.description.input, package.description.output.ordered
        self._foreground_threshold = package.instances.foreground_threshold
        # Requests of one large image run in parallel already; two at once would only double the memory.
        self._turn = threading.Lock()
        self._singles = SimpleQueue[ov.InferRequest]()
        try:
            core = ov.Core()
            model, hint = read_network(core, package), chosen_hint(core, precision)
            self.precision = precision_of(model, hint)
            # OpenVINO's cache of an encrypted network would hold its weights in the clear.
            kept = None if package.encrypted else cache_dir
            self._compiled = core.compile_model(model, "CPU", _options(kept, threads, hint))
            try_out(self._compiled, package.description)
            self._streams = int(self._compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))
            # One more than can run at once, so that the next tile is at hand when one is done.
            self._queue = ov.AsyncInferQueue(self._compiled, self._streams + 1)
        except RuntimeError as error:
            raise ModelPackageInvalid(f"OpenVINO can't load {package.network_path}: {error}") from error
        self._queue.set_callback(_keep_core)
        for _ in range(self._streams):
            self._singles.put(self._compiled.create_infer_request())

    def predict(self, pixels: NDArray[Any], greys: Sequence[GreyRange] = ()) -> NDArray[np.float32]:
        """Predict maps, (H, W) or (C, H, W) to (heads, H, W) float32, seamlessly and for any size.

        Heads come in the order of `HEADS`, without gaps: see `seedless.completed`.

        Args:
            pixels: As recorded, with `greys`; or normalised float32 without.
            greys: What of each channel becomes 0 and 1. Tiles are normalised one by one, so that no copy of a huge
                image is needed.

        Raises:
            PlaneNotFound: The network looks at another number of channels.
            InferenceFailed: OpenVINO gave up, or the network's answer has NaN or infinite values.
        """
        channels = pixels[np.newaxis] if pixels.ndim == 2 else pixels
        if len(channels) != self._input.channels:
            needed = "1 channel" if self._input.channels == 1 else f"{self._input.channels} channels"
            raise PlaneNotFound(f"The model looks at {needed}, the image has {len(channels)}.")
        prediction = np.empty((len(self._heads), *channels.shape[1:]), np.float32)
        cut = self.tiles(*channels.shape[1:])
        with _told(*channels.shape[1:]):
            if len(cut) == 1:
                self._fill_at_once(prediction, channels, greys, cut[0])
            else:
                with self._turn:
                    self._fill(prediction, channels, greys, cut)
        _require_numbers(prediction)
        return completed(prediction, self._heads, self._foreground_threshold)

    def tiles(self, height: int, width: int) -> list[Tile]:
        """Cut an image as the network sees it."""
        told = self._input
        at_least = self._streams if height * width > WHOLE_PX else 1
        return tiles(height, width, told.tile_px, told.overlap_px, told.multiple_of, at_least)

    def _fill_at_once(
        self, prediction: NDArray[np.float32], channels: NDArray[Any], greys: Sequence[GreyRange], tile: Tile
    ) -> None:
        seen = _seen(channels, greys, tile)
        request = self._singles.get()
        try:
            request.infer({"image": seen}, share_inputs=True)
            _keep_core(request, [prediction, tile, seen])
        finally:
            self._singles.put(request)

    def _fill(
        self, prediction: NDArray[np.float32], channels: NDArray[Any], greys: Sequence[GreyRange], cut: list[Tile]
    ) -> None:
        try:
            for tile in cut:
                seen = _seen(channels, greys, tile)
                # The request reads `seen` where it is; its job keeps it alive.
                self._queue.start_async({"image": seen}, [prediction, tile, seen], share_inputs=True)
        finally:
            self._queue.wait_all()


@contextmanager
def _told(height: int, width: int) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise InferenceFailed(f"OpenVINO failed on an image of {width} × {height} pixels: {error}") from error


def _require_numbers(prediction: NDArray[np.float32]) -> None:
    """NaN is below every threshold: it would count as background."""
    if not np.isfinite((prediction.min(initial=0.0), prediction.max(initial=0.0))).all():
        raise InferenceFailed(
            "The network's answer has values that are no finite numbers, so its objects can't be told.",
            next_step="Look at the image's values; if they are good, check the model with `labrelay model verify`.",
        )


def _options(cache_dir: Path | None, threads: int | None, hint: str) -> dict[str, Any]:
    options: dict[str, Any] = {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": hint}
    if cache_dir is not None:
        cache_dir.mkdir(parents=True, exist_ok=True)
        options["CACHE_DIR"] = str(cache_dir)
    if threads is not None:
        options["INFERENCE_NUM_THREADS"] = threads
    return options


def _seen(channels: NDArray[Any], greys: Sequence[GreyRange], tile: Tile) -> NDArray[np.float32]:
    """Cut out a tile as normalised (1, C, h, w), mirrored where it is longer than the image."""
    cut = channels[:, tile.rows.read, tile.columns.read]
    if len(greys) == 1:
        cut = greys[0].scaled(cut)
    elif greys:
        cut = np.stack([grey.scaled(plane) for grey, plane in zip(greys, cut, strict=True)])
    missing = tile.rows.size - cut.shape[1], tile.columns.size - cut.shape[2]
    if any(missing):
        cut = np.pad(cut, ((0, 0), *((0, short) for short in missing)), mode="symmetric")
    return np.ascontiguousarray(cut[np.newaxis], np.float32)


def _keep_core(request: ov.InferRequest, job: list[Any]) -> None:
    prediction, tile, _ = job
    predicted = request.get_output_tensor(0).data[0]
    core_in_tile = tile.rows.core_in_tile, tile.columns.core_in_tile
    prediction[:, tile.rows.core, tile.columns.core] = predicted[:, *core_in_tile]
    job.clear()  # the queue holds on to its last jobs, and with them to maps of the size of an image
