"""Writes an image's results: label mask, overlay, tables, outlines and provenance, each whole or not at all."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labrelay.files import publish_bytes
from pipelines.images.reader import Image
from pipelines.segmentation.drawing import draw_overlay
from pipelines.segmentation.geojson import as_geojson
from pipelines.segmentation.label_mask import as_ome_tiff
from pipelines.segmentation.parameters import OutputChoice
from pipelines.segmentation.picture import as_png
from pipelines.segmentation.segment import Segmentation
from pipelines.segmentation.tables import as_csv, as_parquet, require_parquet


@dataclass(frozen=True)
class OutputFiles:
    """Paths of the files that were written for one image; None for what was not asked for."""

    labels: Path
    overlay: Path | None
    objects: Path | None
    parquet: Path | None
    geojson: Path | None
    provenance: Path

    @property
    def paths(self) -> list[Path]:
        """All that were written, the provenance last."""
        every = (self.labels, self.overlay, self.objects, self.parquet, self.geojson, self.provenance)
        return [path for path in every if path is not None]


class OutputFolder:
    """The folder that takes the files of one image, named after its file without the ending; keeps their digests."""

    def __init__(self, folder: Path, source: str) -> None:
        self._folder = folder
        self._stem = Path(source).stem
        self.digests: list[dict[str, str]] = []

    def put(self, ending: str, data: bytes) -> Path:
        """Write a file `<stem>_<ending>`, whole or not at all."""
        path = self._folder / f"{self._stem}_{ending}"
        # The gateway brings outputs to disk when it seals them.
        publish_bytes(data, path, durable=False)
        self.digests.append({"name": path.name, "sha256": hashlib.sha256(data).hexdigest()})
        return path


def write_outputs(
    folder: Path,
    image: Image,
    segmentation: Segmentation,
    provenance: Mapping[str, Any],
    choice: OutputChoice = OutputChoice(),  # noqa: B008
) -> OutputFiles:
    """Write the files of an image that a task chose into a folder of their own.

    The provenance comes last and lists the others with their digests, so that a whole set can be told from a torn one.

    Raises:
        TableNeedsExtra: Parquet is asked for, and pyarrow is not installed; nothing was written.
    """
    if choice.parquet:
        require_parquet()
    out, labels, objects = OutputFolder(folder, image.source), segmentation.labels, segmentation.objects
    written = {
        "labels": out.put("labels.tif", as_ome_tiff(labels, image)),
        "overlay": out.put("overlay.png", as_png(draw_overlay(image, labels, len(objects))))
        if choice.overlay
        else None,
        "objects": out.put("objects.csv", as_csv(objects)) if choice.csv else None,
        "parquet": out.put("objects.parquet", as_parquet(objects, image.source)) if choice.parquet else None,
        "geojson": out.put("objects.geojson", as_geojson(labels, objects)) if choice.geojson else None,
    }
    told = {**provenance, "image": _described(image), "outputs": out.digests}
    return OutputFiles(**written, provenance=out.put("provenance.json", as_json(told)))  # type: ignore[arg-type]


def as_json(told: Mapping[str, Any]) -> bytes:
    """Write JSON with sorted keys; halves of characters in names that are no Unicode stand as escapes."""
    text = json.dumps(told, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode(errors="backslashreplace")


def _described(image: Image) -> dict[str, Any]:
    height, width = image.pixels.shape
    return {"name": image.source, "width_px": width, "height_px": height, "pixel_size_um": image.pixel_size_um}
