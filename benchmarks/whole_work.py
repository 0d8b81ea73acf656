"""All that a pipeline does with an image, from the file read to the last output written."""

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from pipelines.images.reader import read_image
from pipelines.instrument import FieldOptions, make_field
from pipelines.segmentation.finder import Predictor
from pipelines.segmentation.normalise import GreyRange
from pipelines.segmentation.outputs import write_outputs
from pipelines.segmentation.segment import Segmenter

SIDE_PX = 2048
# Wells differ in density; in this one so many make about 900 on 2048².
_SEED, _WELL, _PER_512 = 7, "B03", 52.2
JOBS_AT_ONCE = 2


class Metered:
    """A network whose processor time is counted, all its threads together."""

    def __init__(self, network: Predictor) -> None:
        self._network, self.seconds = network, 0.0

    def predict(self, pixels: NDArray[Any], greys: Sequence[GreyRange] = ()) -> NDArray[np.float32]:
        """Predict as the network does."""
        started = time.process_time()
        try:
            return self._network.predict(pixels, greys)
        finally:
            self.seconds += time.process_time() - started


def measure_whole_work(package: Path, images: int, side: int = SIDE_PX) -> dict[str, Any]:
    """Images a second on all cores with two jobs at once, as the service works; and core-ms outside the network.

    Args:
        package: Folder of the model package.
        images: How many to work through; half as many alone, for the processor time.
        side: Edge of the 16-bit image in pixels; 900 nuclei on 2048².
    """
    with TemporaryDirectory(prefix="labrelay-bench-") as folder, _segmenter(package) as (segmenter, network):
        path = Path(folder) / "B03.tif"
        true_count = _write_field(path, side)
        found = _work(segmenter, path, Path(folder) / "warm")
        outside = [_outside(segmenter, network, path, Path(folder) / "alone") for _ in range(max(1, images // 2))]
        seconds = _together(segmenter, path, Path(folder), images)
    rate = images / seconds
    return {
        "side_px": side,
        "true_count": true_count,
        "count": found,
        "jobs_at_once": JOBS_AT_ONCE,
        "cores": os.cpu_count(),
        "precision": segmenter.precision,
        "images_per_s": round(rate, 3),
        "gigabytes_per_hour": round(rate * side * side * 2 * 3600 / 1e9, 1),
        "core_ms": {name: round(float(np.median([each[name] for each in outside])), 1) for name in outside[0]},
    }


@contextmanager
def _segmenter(package: Path) -> Iterator[tuple[Segmenter, Metered]]:
    segmenter = Segmenter(package)
    network = Metered(segmenter.network)
    segmenter.network = network
    yield segmenter, network


def _write_field(path: Path, side: int) -> int:
    field = make_field(_SEED, _WELL, 1, FieldOptions(height=side, width=side, nuclei=_PER_512))
    tifffile.imwrite(path, field.pixels)
    return field.count


def _work(segmenter: Segmenter, path: Path, folder: Path) -> int:
    folder.mkdir(exist_ok=True)
    image = read_image(path)
    found = segmenter.segment(image)
    write_outputs(folder, image, found, {})
    return found.count


def _outside(segmenter: Segmenter, network: Metered, path: Path, folder: Path) -> dict[str, float]:
    """Processor time of one image alone, in milliseconds over all threads."""
    folder.mkdir(exist_ok=True)
    network.seconds = 0.0
    started = time.process_time()
    image = read_image(path)
    read = time.process_time()
    found = segmenter.segment(image)
    segmented = time.process_time()
    write_outputs(folder, image, found, {})
    ended = time.process_time()
    return {
        "read": 1e3 * (read - started),
        "network": 1e3 * network.seconds,
        "segment_outside_network": 1e3 * (segmented - read - network.seconds),
        "write": 1e3 * (ended - segmented),
        "outside_network": 1e3 * (ended - started - network.seconds),
    }


def _together(segmenter: Segmenter, path: Path, folder: Path, images: int) -> float:
    started = time.perf_counter()
    with ThreadPoolExecutor(JOBS_AT_ONCE) as pool:
        list(pool.map(lambda number: _work(segmenter, path, folder / f"job{number}"), range(images)))
    return time.perf_counter() - started
