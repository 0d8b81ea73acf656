"""What a network's layers shall see while it is decided how coarsely they may calculate."""

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pipelines.segmentation.normalise import normalise
from pipelines.segmentation.package import ModelDescription
from pipelines.segmentation.sampling import resized
from pipelines.segmentation.scale import equivalent_diameters
from pipelines.training.data import LabelledImage

Tile = NDArray[np.float32]

_EDGE_PX = 256
_NATIVE_SHARE = 0.5
_SMALLEST_FACTOR, _LARGEST_FACTOR = 0.3, 4.0


def calibration_tiles(images: list[LabelledImage], told: ModelDescription, count: int, seed: int = 1) -> list[Tile]:
    """Cut tiles (1, 1, h, w), normalised as the pipeline does, out of all images in turn; the same for the same seed.

    Half of them show objects at their own size, as in the pipeline's first look, the others at any diameter that the
    network knows, as after the pipeline has resized an image.
    """
    rng = np.random.default_rng(seed)
    order = np.concatenate([rng.permutation(len(images)) for _ in range(1 + count // len(images))])[:count]
    return [_tile(images[place], told, rng) for place in order]


def _tile(image: LabelledImage, told: ModelDescription, rng: Generator) -> Tile:
    known = told.input
    normalised = normalise(image.pixels, known.low_percentile, known.high_percentile, known.minimum_range)
    cut = _resized_view(normalised, _factor(image, told, rng), rng)
    missing = [(0, -edge % known.multiple_of) for edge in cut.shape]
    return np.ascontiguousarray(np.pad(cut, missing, mode="symmetric")[np.newaxis, np.newaxis], dtype=np.float32)


def _factor(image: LabelledImage, told: ModelDescription, rng: Generator) -> float:
    if rng.random() < _NATIVE_SHARE or not image.objects:
        return 1.0
    smallest, largest = np.log(told.scale.minimum_diameter_px), np.log(told.scale.maximum_diameter_px)
    wanted = np.exp(rng.uniform(smallest, largest)) / np.median(equivalent_diameters(image.labels))
    return float(np.clip(wanted, _SMALLEST_FACTOR, _LARGEST_FACTOR))


def _resized_view(normalised: NDArray[np.float32], factor: float, rng: Generator) -> NDArray[np.float32]:
    """A part of an image that measures at most `_EDGE_PX` once it is resized."""
    reach = max(1, int(_EDGE_PX / factor))
    top, left = (int(rng.integers(0, max(1, edge - reach + 1))) for edge in normalised.shape)
    return resized(normalised[top : top + reach, left : left + reach], factor)
