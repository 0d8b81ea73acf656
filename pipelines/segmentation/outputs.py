"""Writes an image's results: label mask, overlay, table of objects and provenance, each whole or not at all."""

import csv
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray

from labrelay.files import digest_file
from pipelines.images.reader import Image
from pipelines.segmentation.drawing import draw_overlay
from pipelines.segmentation.measurements import ObjectTable
from pipelines.segmentation.segment import Segmentation

_UINT16_OBJECTS = 65_535
_PNG_COMPRESSION = 1


@dataclass(frozen=True)
class OutputFiles:
    """Paths of the files that were written for one image."""

    labels: Path
    overlay: Path
    objects: Path
    provenance: Path


def write_outputs(folder: Path, image: Image, segmentation: Segmentation, provenance: Mapping[str, Any]) -> OutputFiles:
    """Write all four files of an image into a folder, named after the image's file without its ending.

    The provenance comes last and lists the others with their digests, so that a whole set can be told from a torn one.
    """
    stem = Path(image.source).stem
    files = OutputFiles(
        folder / f"{stem}_labels.tif",
        folder / f"{stem}_overlay.png",
        folder / f"{stem}_objects.csv",
        folder / f"{stem}_provenance.json",
    )
    write_labels(files.labels, segmentation.labels, image)
    write_overlay(files.overlay, draw_overlay(image, segmentation.labels))
    write_objects(files.objects, segmentation.objects)
    listed = [
        {"name": path.name, "sha256": digest_file(path)[0]} for path in (files.labels, files.overlay, files.objects)
    ]
    write_provenance(files.provenance, {**provenance, "outputs": listed})
    return files


def write_labels(path: Path, labels: NDArray[np.int32], image: Image) -> None:
    """Write labels (H, W) as a compressed OME-TIFF, 16 bit while they fit and 32 bit else, with the pixel size."""
    mask = labels.astype(np.uint16 if labels.max(initial=0) <= _UINT16_OBJECTS else np.uint32)
    metadata: dict[str, Any] = {"axes": "YX", "Name": image.source, "Channel": {"Name": ["labels"]}}
    if image.pixel_size_um is not None:
        metadata |= {f"PhysicalSize{axis}": image.pixel_size_um for axis in "XY"}
        metadata |= {f"PhysicalSize{axis}Unit": "µm" for axis in "XY"}
    _replace(path, lambda part: tifffile.imwrite(part, mask, ome=True, compression="zlib", metadata=metadata))


def write_overlay(path: Path, overlay: NDArray[np.uint8]) -> None:
    """Write an overlay (h, w, 3) in OpenCV's colour order as PNG."""
    _, data = cv2.imencode(".png", overlay, [cv2.IMWRITE_PNG_COMPRESSION, _PNG_COMPRESSION])
    _replace(path, lambda part: part.write_bytes(data.tobytes()))


def write_objects(path: Path, objects: ObjectTable) -> None:
    """Write the table of objects as CSV (UTF-8, comma, point), with a header also when there are none."""

    def write(part: Path) -> None:
        with part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(objects.columns)
            writer.writerows(zip(*(_texts(column) for column in objects.columns.values()), strict=True))

    _replace(path, write)


def write_provenance(path: Path, provenance: Mapping[str, Any]) -> None:
    """Write what the caller knows of how this result came about, as JSON with sorted keys."""
    text = json.dumps(provenance, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    _replace(path, lambda part: part.write_text(text + "\n", encoding="utf-8"))


def _texts(column: NDArray[Any]) -> list[str]:
    return [f"{value:.7g}" if isinstance(value, float) else str(value) for value in column.tolist()]


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file under a name of its own in the same folder, then give it its name in one step."""
    part = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        write(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
