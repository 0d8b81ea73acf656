"""The nuclei pipeline on generated images, by step."""

import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import tifffile

from pipelines.images.reader import read_image
from pipelines.instrument import FieldOptions, make_field
from pipelines.segmentation.outputs import write_outputs
from pipelines.segmentation.segment import Segmenter

MODEL = Path(__file__).parents[1] / "pipelines" / "nuclei" / "model"


def measure_network(side: int, repeats: int) -> dict[str, Any]:
    """Median seconds of each step for an image of `side`² pixels with about 900 nuclei on 2048²."""
    per_512 = 900.0 / (2048 / 512) ** 2
    field = make_field(1, "A01", 1, FieldOptions(height=side, width=side, nuclei=per_512))
    segmenter = Segmenter(MODEL)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "A01.tif"
        tifffile.imwrite(path, field.pixels)
        rows = [_once(segmenter, path, Path(folder)) for _ in range(repeats + 1)]
    steps = {name: round(statistics.median(row[name] for row in rows[1:]), 4) for name in rows[0]}
    return {"side_px": side, "true_count": field.count, "seconds": steps, "images_per_s": round(1 / steps["whole"], 3)}


def _once(segmenter: Segmenter, path: Path, folder: Path) -> dict[str, float]:
    started = time.perf_counter()
    image = read_image(path)
    read = time.perf_counter()
    found = segmenter.segment(image)
    segmented = time.perf_counter()
    write_outputs(folder, image, found, {})
    ended = time.perf_counter()
    return {**found.seconds, "read": read - started, "write": ended - segmented, "whole": ended - started}
