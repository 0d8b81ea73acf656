"""Labelled images on disk: `images/<stem>.png` beside `labels/<stem>.png`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray

from labrelay.errors import InputProblem

_TIFF = {".tif", ".tiff"}
_READABLE = _TIFF | {".png"}


class TrainingDataInvalid(InputProblem):
    """The folder does not hold labelled images in the expected layout."""

    code = "training_data_invalid"
    default_next_step = "Put images/<stem>.png and labels/<stem>.png (0 background, 1, 2, … objects) into the folder."
    retryable = False


@dataclass(frozen=True)
class LabelledImage:
    """One image and its truth: pixels (H, W) as recorded, labels (H, W) int32, 0 background, 1..N objects."""

    stem: str
    pixels: NDArray[Any]
    labels: NDArray[np.int32]

    @property
    def objects(self) -> int:
        """How many objects the truth holds."""
        return int(self.labels.max(initial=0))


def read_folder(folder: Path) -> list[LabelledImage]:
    """Read every labelled image of a folder, sorted by name.

    Raises:
        TrainingDataInvalid: No image, an image without labels, or sizes that differ.
    """
    images = sorted(p for p in (folder / "images").glob("*") if p.suffix.lower() in _READABLE)
    if not images:
        raise TrainingDataInvalid(f"There is no image in {folder / 'images'}.")
    return [_labelled(path, folder / "labels") for path in images]


def read_plane(path: Path) -> NDArray[Any]:
    """Read one grey plane (H, W) of a PNG or TIFF file; colour files become the mean of their channels.

    Raises:
        TrainingDataInvalid: The file is no readable image.
    """
    if path.suffix.lower() in _TIFF:
        plane = np.squeeze(tifffile.imread(path))
    else:
        # imdecode rather than imread: OpenCV cannot open non-ASCII paths on Windows.
        plane = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    if plane is None or plane.ndim not in (2, 3):
        raise TrainingDataInvalid(f"{path} is no readable grey or colour image.")
    grey: NDArray[Any] = plane if plane.ndim == 2 else plane[..., :3].mean(axis=-1).astype(plane.dtype)
    return grey


def _labelled(path: Path, labels: Path) -> LabelledImage:
    truth = next((p for s in (".png", ".tif", ".tiff") if (p := labels / f"{path.stem}{s}").exists()), None)
    if truth is None:
        raise TrainingDataInvalid(f"{path} has no labels: {labels / path.stem}.png is missing.")
    pixels, objects = read_plane(path), read_plane(truth)
    if pixels.shape != objects.shape:
        raise TrainingDataInvalid(f"{path} is {pixels.shape}, its labels are {objects.shape}.")
    return LabelledImage(path.stem, pixels, contiguous(objects))


def contiguous(labels: NDArray[Any]) -> NDArray[np.int32]:
    """Number the objects 1..N without gaps; 0 stays the background."""
    values, places = np.unique(np.append(labels.ravel(), 0), return_inverse=True)
    first_object = int(np.searchsorted(values, 0))
    return (places[:-1] - first_object).reshape(labels.shape).astype(np.int32)


def diameters(labels: NDArray[np.int32]) -> NDArray[np.float64]:
    """Diameter in pixels of the circle of equal area, for each object."""
    areas = np.bincount(labels.ravel())[1:]
    return np.asarray(2.0 * np.sqrt(areas[areas > 0] / np.pi))
