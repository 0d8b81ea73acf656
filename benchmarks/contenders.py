"""Ways to find nuclei that are compared: PyTorch, OpenVINO in several precisions, and a plain threshold."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.feature import peak_local_max
from skimage.filters import threshold_otsu
from skimage.segmentation import watershed

from pipelines.segmentation.finder import Finder, Predictor
from pipelines.segmentation.network import Network
from pipelines.segmentation.normalise import GreyRange
from pipelines.segmentation.package import ModelPackage, load_package
from pipelines.segmentation.scale import searched_scale
from pipelines.segmentation.stopwatch import Stopwatch

Pixels = NDArray[Any]
Labels = NDArray[np.int32]

PYTORCH: Final = "PyTorch FP32"
OTSU: Final = "Otsu + distance watershed"
_COMPILERS: Final = ("cc", "gcc", "clang", "cl")


@dataclass(frozen=True)
class Contender:
    """One way.

    Attributes:
        name: As shown.
        predict: What is timed, on a whole image (H, W).
        label: From an image (H, W) to labels; None where weights are random, so that accuracy means nothing.
        at_once: Images that are on their way at once, as the services work; PyTorch is fastest with one, whose
            operations it shares among its threads.
    """

    name: str
    predict: Callable[[Pixels], object]
    label: Callable[[Pixels], Labels] | None
    at_once: int = 1


def openvino_contenders(folders: Sequence[Path], threads: int) -> Iterator[Contender]:
    """Each package in the precisions that it can have: FP32 and BF16, or INT8."""
    for folder in folders:
        package = load_package(folder)
        names = set[str]()
        for precision in ("fp32", "bf16"):
            # The rest of a quantised network computes in what the processor likes.
            network = Network(package, threads=threads, precision=precision)
            if network.precision == "int8":
                network = Network(package, threads=threads, precision="auto")
            if network.precision not in names:
                names.add(network.precision)
                yield _contender(
                    f"OpenVINO {network.precision.upper()}", package, network, trained=True, at_once=threads
                )


def pytorch_contenders(package: ModelPackage, checkpoint: Path | None, compiled: bool) -> Iterator[Contender]:
    """The training's network: eager, with channels last, and compiled where there is a compiler.

    Raises:
        ImportError: There is no PyTorch.
    """
    from benchmarks.eager import TorchNetwork, modules

    for way, module in modules(checkpoint, compiled and any(map(shutil.which, _COMPILERS))):
        network = TorchNetwork(module, package.description.input.multiple_of)
        yield _contender(f"{PYTORCH} ({way})", package, network, trained=checkpoint is not None)


def otsu() -> Contender:
    """What a macro in an image program does."""
    return Contender(OTSU, otsu_labels, otsu_labels)


def otsu_labels(pixels: Pixels) -> Labels:
    """Threshold (Otsu 1979), then watershed from the peaks of the distance to the background."""
    if pixels.min() == pixels.max():
        return np.zeros(pixels.shape, np.int32)
    mask = ndimage.binary_fill_holes(pixels > threshold_otsu(pixels))
    depth = ndimage.gaussian_filter(ndimage.distance_transform_edt(mask), 1.0)
    peaks = peak_local_max(depth, min_distance=5, labels=ndimage.label(mask)[0], exclude_border=False)
    markers = np.zeros(pixels.shape, np.int32)
    markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    return np.asarray(watershed(-depth, markers, mask=mask), np.int32)


def _contender(name: str, package: ModelPackage, network: Predictor, trained: bool, at_once: int = 1) -> Contender:
    def label(pixels: Pixels) -> Labels:
        finder = Finder(package, network, pixels, Stopwatch())
        return finder.look(searched_scale(package.description.scale, finder.diameters).factor).labels

    def predict(pixels: Pixels) -> object:
        # A fixed range, as finding it is no part of the network.
        return network.predict(pixels, [GreyRange(float(pixels.min()), float(np.ptp(pixels)) or 1.0)])

    return Contender(name, predict, label if trained else None, at_once)
