"""What a microscope sees beside nuclei: specks of dust, fibres, and large pale blobs far out of focus."""

import math

import cv2
import numpy as np

from pipelines.instrument.optics import Light, smooth_noise


def scatter_debris(shape: tuple[int, int], brightness: float, rng: np.random.Generator) -> Light:
    """Light of specks and fibres that lie in focus, in counts, (H, W) float32.

    Specks are a few pixels wide, far smaller than any nucleus, and often as bright.

    Args:
        shape: Height and width of the image in pixels.
        brightness: Typical light of a nucleus in counts.
        rng: Source of chance.
    """
    light = np.zeros(shape, dtype=np.float32)
    for _ in range(rng.poisson(7 * _share(shape))):
        _add_speck(light, brightness * float(rng.uniform(0.4, 2.5)), rng)
    for _ in range(rng.poisson(0.7 * _share(shape))):
        _add_fibre(light, brightness * float(rng.uniform(0.15, 0.5)), rng)
    return light


def background(shape: tuple[int, int], rng: np.random.Generator) -> Light:
    """Light of the medium and of blobs far out of focus, in counts, (H, W) float32."""
    cloudy = smooth_noise(shape, 60.0, rng) * float(rng.uniform(2, 5))
    light = np.maximum(float(rng.uniform(25, 60)) + cloudy, 5)
    for _ in range(rng.poisson(1.5 * _share(shape))):
        _add_blob(light, float(rng.uniform(10, 35)), rng)
    return np.asarray(light, dtype=np.float32)


def _share(shape: tuple[int, int]) -> float:
    return shape[0] * shape[1] / 512**2


def _add_speck(light: Light, brightness: float, rng: np.random.Generator) -> None:
    height, width = light.shape
    centre = (int(rng.integers(width)), int(rng.integers(height)))
    axes = (int(rng.integers(0, 3)), int(rng.integers(0, 2)))
    cv2.ellipse(light, centre, axes, float(rng.uniform(0, 180)), 0, 360, brightness, -1)


def _add_fibre(light: Light, brightness: float, rng: np.random.Generator) -> None:
    steps = int(rng.integers(20, 80))
    heading = rng.uniform(0, 2 * math.pi) + np.cumsum(rng.normal(0, 0.12, steps))
    start = rng.uniform(0, 1, 2) * (light.shape[1], light.shape[0])
    path = start + np.cumsum(np.stack([np.cos(heading), np.sin(heading)], axis=1) * 3.0, axis=0)
    cv2.polylines(light, [np.rint(path).astype(np.int32)], False, brightness, 1)


def _add_blob(light: Light, brightness: float, rng: np.random.Generator) -> None:
    height, width = light.shape
    down = np.arange(height, dtype=np.float32)[:, None] - np.float32(rng.uniform(0, height))
    right = np.arange(width, dtype=np.float32)[None, :] - np.float32(rng.uniform(0, width))
    tall, wide = float(rng.uniform(25, 60)), float(rng.uniform(25, 60))
    # A Gaussian is the product of its rows and columns, so no exponential of the whole image is needed.
    light += brightness * np.exp(-(down**2) / (2 * tall**2)) * np.exp(-(right**2) / (2 * wide**2))
