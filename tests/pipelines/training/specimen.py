"""Generated images whose truth is known."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.training.data import LabelledImage
from pipelines.training.targets import OFFSET_UNIT_PX, PROBABILITIES, targets


def labelled_discs(*discs: tuple[int, int, int], size: int = 128) -> NDArray[np.int32]:
    """Labels of discs (row, column, radius), numbered in their order; later ones never cover earlier ones."""
    rows, columns = np.mgrid[:size, :size]
    labels = np.zeros((size, size), np.int32)
    for number, (row, column, radius) in enumerate(discs, start=1):
        inside = (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
        labels[inside & (labels == 0)] = number
    return labels


def image(stem: str, seed: int, size: int = 128) -> LabelledImage:
    """A 16-bit image of up to nine bright discs on a dark camera floor."""
    rng = np.random.default_rng(seed)
    places = [(r, c) for r in (20, 64, 108) for c in (20, 64, 108) if rng.random() < 0.8] or [(64, 64)]
    labels = labelled_discs(*((r, c, int(rng.integers(6, 14))) for r, c in places), size=size)
    pixels = 120.0 + 800.0 * cv2.GaussianBlur((labels > 0).astype(np.float32), (0, 0), 1.0)
    return LabelledImage(stem, (pixels + rng.normal(0.0, 8.0, pixels.shape)).clip(0).astype(np.uint16), labels)


def predicted(labels: NDArray[np.int32]) -> NDArray[np.float32]:
    """The maps (5, H, W) of a network that has learnt everything."""
    maps = targets(labels).maps.copy()
    maps[PROBABILITIES:] *= OFFSET_UNIT_PX
    return maps


def write_folder(folder: Path, images: list[LabelledImage]) -> Path:
    """Write images as the training data lie on disk."""
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True)
    for one in images:
        cv2.imwrite(str(folder / "images" / f"{one.stem}.png"), one.pixels)
        cv2.imwrite(str(folder / "labels" / f"{one.stem}.png"), one.labels.astype(np.uint16))
    return folder
