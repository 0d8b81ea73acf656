"""Labelled images on disk, of any user: `images/<stem>.*` beside `labels/<stem>.*`."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.images.reader import Image, read_image
from pipelines.segmentation.sampling import labels_resized, resized
from pipelines.training.errors import TrainingDataInvalid as TrainingDataInvalid
from pipelines.training.masks import read_labels

IMAGES, LABELS, MANIFEST = "images", "labels", "manifest.csv"
_IMAGE_SUFFIXES = {".png", ".tif", ".tiff", ".stk", ".lsm", ".jpg", ".jpeg", ".bmp", ".czi", ".lif", ".nd2"}
# As drawn by hand, as labrelay writes them, and as Cellpose does.
_LABEL_ENDINGS = tuple(f"{end}{suffix}" for end in ("", "_labels", "_masks") for suffix in (".png", ".tif", ".tiff"))


@dataclass(frozen=True)
class LabelledImage:
    """One image and its truth: pixels (H, W) as recorded, labels (H, W) int32, 0 background, 1..N objects."""

    stem: str
    pixels: NDArray[Any]
    labels: NDArray[np.int32]
    pixel_size_um: float | None = None
    source: str = ""

    @property
    def objects(self) -> int:
        """How many objects the truth holds."""
        return int(self.labels.max(initial=0))

    @property
    def image(self) -> Image:
        """The image as a pipeline gets it from the reader."""
        return Image(self.pixels, self.pixel_size_um, self.stem)


@dataclass(frozen=True)
class LabelledFile:
    """An image file, the file of its labels, and the data set that it comes from."""

    image: Path
    labels: Path
    source: str

    def read(self) -> LabelledImage:
        """Read both, the image as every pipeline reads it.

        Raises:
            TrainingDataInvalid: The labels are no label mask, or of another size than the image.
            InputProblem: The image can't be read.
        """
        image, labels = read_image(self.image), read_labels(self.labels)
        if image.pixels.shape != labels.shape:
            raise TrainingDataInvalid(f"{self.image} is {image.pixels.shape}, its labels are {labels.shape}.")
        return LabelledImage(self.image.stem, image.pixels, contiguous(labels), image.pixel_size_um, self.source)


def labelled_files(folder: Path) -> list[LabelledFile]:
    """Find every image of a folder with its labels, sorted by name; nothing is read yet.

    Raises:
        TrainingDataInvalid: No image, an image without labels, or two images of one name.
    """
    images = sorted(p for p in (folder / IMAGES).glob("[!.]*") if p.suffix.lower() in _IMAGE_SUFFIXES)
    if not images:
        raise TrainingDataInvalid(f"There is no image in {folder / IMAGES}.")
    stems = [path.stem for path in images]
    if twice := sorted({stem for stem in stems if stems.count(stem) > 1}):
        raise TrainingDataInvalid(f"{folder / IMAGES} has more than one image called {', '.join(twice)}.")
    labels = {path: _labels_of(path, folder / LABELS) for path in images}
    if missing := [path for path, truth in labels.items() if truth is None]:
        more = f" The same is true of {len(missing) - 1} more." if missing[1:] else ""
        named = folder / LABELS / f"{missing[0].stem}.png"
        raise TrainingDataInvalid(f"{missing[0]} has no labels: {named} is missing.{more}")
    known, whole = sources(folder), folder.resolve().name
    return [LabelledFile(path, truth, known.get(path.stem, whole)) for path, truth in labels.items() if truth]


def read_folder(folder: Path) -> list[LabelledImage]:
    """Read every labelled image of a folder, sorted by name.

    Raises:
        TrainingDataInvalid: No image, an image without labels, or sizes that differ.
    """
    return [file.read() for file in labelled_files(folder)]


def sources(folder: Path) -> dict[str, str]:
    """Data sets that a folder's images come from, by stem, if a `manifest.csv` (folder, file, source) lies above it."""
    try:
        with (folder.resolve().parent / MANIFEST).open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error):
        return {}
    here = [row for row in rows if Path(row.get("folder") or folder.name).name == folder.resolve().name]
    return {Path(row["file"]).stem: row["source"] for row in here if row.get("file") and row.get("source")}


def _labels_of(image: Path, folder: Path) -> Path | None:
    paths = (folder / f"{image.stem}{ending}" for ending in _LABEL_ENDINGS)
    return next((path for path in paths if path.exists()), None)


def contiguous(labels: NDArray[Any]) -> NDArray[np.int32]:
    """Number the objects 1..N without gaps; 0 stays the background."""
    values, places = np.unique(np.append(labels.ravel(), 0), return_inverse=True)
    first_object = int(np.searchsorted(values, 0))
    return (places[:-1] - first_object).reshape(labels.shape).astype(np.int32)


def reduced(image: LabelledImage, reduction: float) -> LabelledImage:
    """An image made so many times smaller."""
    pixels, labels = resized(image.pixels, 1 / reduction), labels_resized(image.labels, 1 / reduction)
    return LabelledImage(image.stem, pixels, contiguous(labels), image.pixel_size_um, image.source)
