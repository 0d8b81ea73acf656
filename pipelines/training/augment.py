"""Crops as other microscopes, cameras and magnifications would have recorded them."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pipelines.segmentation.normalise import HIGHEST, LOWEST, noise_level, normalise
from pipelines.training.data import contiguous

Image = NDArray[np.float32]
Labels = NDArray[np.int32]


@dataclass(frozen=True)
class Augmentation:
    """How far crops may stray from what was recorded.

    Args:
        diameters_px: smallest and largest object diameter the model shall know.
        near: factor of the mild scaling that most crops get.
        far_share: share of crops scaled to any diameter in `diameters_px`.
        blank_share: share of crops that show an empty field.
        object_share: share of crops that are laid around an object, for images that are mostly empty.
        reduction: images are learnt so many times smaller than recorded; for objects far larger than a network of
            this depth needs to see them.
    """

    diameters_px: tuple[float, float] = (11.0, 115.0)
    near: float = 1.35
    far_share: float = 0.25
    blank_share: float = 0.04
    object_share: float = 0.0
    reduction: float = 1.0


def random_scale(diameter_px: float, augmentation: Augmentation, rng: Generator) -> float:
    """Magnification of a crop whose image's median object measures `diameter_px`."""
    if rng.random() >= augmentation.far_share:
        return float(augmentation.near ** rng.uniform(-1.0, 1.0))
    smallest, largest = augmentation.diameters_px
    wanted = np.exp(rng.uniform(np.log(smallest), np.log(largest)))
    return float(np.clip(wanted / diameter_px, 0.4, 6.0))


def random_view(
    image: Image, labels: Labels, scale: float, size: int, rng: Generator, around: Labels | None = None
) -> tuple[Image, Labels]:
    """Cut a turned, mirrored, slightly stretched view.

    Args:
        image: (H, W).
        labels: (H, W), warped alike.
        scale: magnification.
        size: edge of the square view in pixels.
        rng: source of chance.
        around: labels (H, W) of which one object lies within the view, or None for a view of anything.

    Returns:
        (size, size) float32 and int32, objects 1..N contiguous; outside of the image it is mirrored.
    """
    backwards = np.linalg.inv(_stretch(scale, rng) @ _turn(rng))
    centre = _centre(image.shape, size / 2.0 / scale, rng, around)
    matrix = np.column_stack([backwards, centre - backwards @ np.array([size / 2.0, size / 2.0])])
    if scale < 0.8:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), 0.45 * (1.0 / scale - 0.5)), np.float32)
    seen = _warped(image, matrix, size, cv2.INTER_LINEAR).astype(np.float32)
    # OpenCV warps no integers of 32 bits; floats hold labels exactly, as nothing is mixed.
    numbers = _warped(labels.astype(np.float32), matrix, size, cv2.INTER_NEAREST)
    return seen, contiguous(numbers.astype(np.int32))


def _warped(plane: NDArray[Any], matrix: NDArray[np.float64], size: int, way: int) -> NDArray[Any]:
    flags = way | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(plane, matrix, (size, size), flags=flags, borderMode=cv2.BORDER_REFLECT_101))


def _turn(rng: Generator) -> NDArray[np.float64]:
    angle = rng.uniform(0.0, 2.0 * np.pi) if rng.random() < 0.5 else rng.integers(4) * np.pi / 2.0
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _stretch(scale: float, rng: Generator) -> NDArray[np.float64]:
    return np.diag(scale * np.exp(rng.normal(0.0, 0.06, 2)) * np.where(rng.random(2) < 0.5, 1.0, -1.0))


def _centre(shape: tuple[int, ...], reach: float, rng: Generator, around: Labels | None) -> NDArray[np.float64]:
    """Column and row of a view's centre that keeps it within the image as far as it fits."""
    height, width = shape
    limits = [(min(reach, length / 2.0), max(length - reach, length / 2.0)) for length in (width, height)]
    places = np.argwhere(around) if around is not None else np.empty((0, 2))
    if not len(places):
        return np.array([rng.uniform(low, high) for low, high in limits])
    chosen = places[rng.integers(len(places))][::-1] + rng.uniform(-0.7, 0.7, 2) * reach
    return np.array([np.clip(place, low, high) for place, (low, high) in zip(chosen, limits, strict=True)])


def vary(image: Image, minimum_range: float, rng: Generator) -> Image:
    """Change gain, offset, gamma, illumination, focus and noise of a normalised crop."""
    varied = image
    if rng.random() < 0.5:
        varied = _gamma(varied, float(np.exp(rng.normal(0.0, 0.35))))
    if rng.random() < 0.4:
        varied = varied * illumination(varied.shape, 0.5, rng)
    if rng.random() < 0.25:
        varied = varied + (illumination(varied.shape, 0.3, rng) - 0.85) * rng.uniform(0.0, 1.0)
    varied = varied * np.exp(rng.normal(0.0, 0.25)) + rng.normal(0.0, 0.04)
    if rng.random() < 0.3:
        varied = cv2.GaussianBlur(varied, (0, 0), rng.uniform(0.5, 2.0))
    if rng.random() < 0.5:
        varied = _noisy(varied, minimum_range, rng)
    return np.clip(varied, LOWEST, HIGHEST).astype(np.float32)


def _gamma(image: Image, exponent: float) -> Image:
    return np.asarray(np.sign(image) * np.abs(image) ** exponent, np.float32)


def _noisy(image: Image, minimum_range: float, rng: Generator) -> Image:
    """Add camera and shot noise, then shrink as `normalise` would for so much noise."""
    camera = 10.0 ** rng.uniform(-2.5, -1.0)
    shot = camera * rng.uniform(0.0, 1.0) * np.sqrt(np.maximum(image, 0.0))
    noisy = (image + (camera + shot) * rng.standard_normal(image.shape, np.float32)).astype(np.float32)
    return np.asarray(noisy / max(1.0, minimum_range * noise_level(noisy)), np.float32)


def illumination(shape: tuple[int, ...], strength: float, rng: Generator) -> Image:
    """A smooth field (H, W) between 1 - strength and 1, as of an uneven lamp."""
    corners = rng.random((rng.integers(2, 5), rng.integers(2, 5))).astype(np.float32)
    field = cv2.resize(corners, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(1.0 - strength * rng.random() * field, np.float32)


def blank(size: int, percentiles: tuple[float, float], minimum_range: float, rng: Generator) -> Image:
    """A normalised empty field: camera noise on an offset, uneven light, hot pixels, specks of dust."""
    offset, noise = rng.uniform(5.0, 1000.0), 10.0 ** rng.uniform(-1.0, 2.0)
    field = offset * (illumination((size, size), 0.6, rng) if rng.random() < 0.6 else np.ones((size, size)))
    field = field + noise * rng.standard_normal((size, size))
    if rng.random() < 0.5:
        hot = rng.integers(0, size, (rng.integers(1, 40), 2))
        field[hot[:, 0], hot[:, 1]] += noise * rng.uniform(3.0, 60.0, len(hot))
    if rng.random() < 0.3:
        field = cv2.GaussianBlur(field, (0, 0), rng.uniform(0.4, 1.0))
    recorded = np.round(field).clip(0, 65535).astype(np.uint16) if rng.random() < 0.8 else field
    return normalise(recorded, *percentiles, minimum_range)
