"""Crops as other microscopes, cameras and magnifications would have recorded them."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pipelines.segmentation.normalise import HIGHEST, LOWEST, noise_level, normalise

Image = NDArray[np.float32]


@dataclass(frozen=True)
class Augmentation:
    """How far crops may stray from what was recorded.

    Args:
        diameters_px: smallest and largest object diameter the model shall know.
        near: factor of the mild scaling that most crops get.
        far_share: share of crops scaled to any diameter in `diameters_px`.
        blank_share: share of crops that show an empty field.
    """

    diameters_px: tuple[float, float] = (11.0, 115.0)
    near: float = 1.35
    far_share: float = 0.35
    blank_share: float = 0.04


def random_scale(diameter_px: float, augmentation: Augmentation, rng: Generator) -> float:
    """Magnification of a crop whose image's median object measures `diameter_px`."""
    if rng.random() >= augmentation.far_share:
        return float(augmentation.near ** rng.uniform(-1.0, 1.0))
    smallest, largest = augmentation.diameters_px
    wanted = np.exp(rng.uniform(np.log(smallest), np.log(largest)))
    return float(np.clip(wanted / diameter_px, 0.4, 6.0))


def random_view(planes: Image, scale: float, size: int, rng: Generator) -> Image:
    """Cut a turned, mirrored, slightly stretched view.

    Args:
        planes: (H, W, C) image and targets, warped alike.
        scale: magnification.
        size: edge of the square view in pixels.
        rng: source of chance.

    Returns:
        (size, size, C) float32; outside of the image it is mirrored.
    """
    height, width = planes.shape[:2]
    angle = rng.uniform(0.0, 2.0 * np.pi) if rng.random() < 0.5 else rng.integers(4) * np.pi / 2.0
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    stretch = np.diag(scale * np.exp(rng.normal(0.0, 0.06, 2)) * np.where(rng.random(2) < 0.5, 1.0, -1.0))
    backwards = np.linalg.inv(stretch @ turn)
    reach = size / 2.0 / scale
    centre = np.array([_inside(width, reach, rng), _inside(height, reach, rng)])
    shift = centre - backwards @ np.array([size / 2.0, size / 2.0])
    matrix = np.column_stack([backwards, shift])
    if scale < 0.8:
        planes = cv2.GaussianBlur(planes, (0, 0), 0.45 * (1.0 / scale - 0.5))
    view: Image = cv2.warpAffine(
        planes, matrix, (size, size), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REFLECT_101
    ).astype(np.float32)
    return view


def _inside(length: int, reach: float, rng: Generator) -> float:
    low, high = min(reach, length / 2.0), max(length - reach, length / 2.0)
    return float(rng.uniform(low, high))


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
