"""Plants faults in good images, and makes images of something else, to check that quality control sees them."""

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.segmentation.normalise import noise_level

Grey = NDArray[np.float32]
Pixels = NDArray[Any]
Shape = tuple[int, int]
Chance = np.random.Generator


def blurred(pixels: Pixels, diameter_px: float, rng: Chance) -> Pixels:
    """Blur with a Gaussian whose standard deviation is 0.25 to 0.6 of the objects' diameter."""
    sigma = float(rng.uniform(0.25, 0.6)) * diameter_px
    return _exposed(cv2.GaussianBlur(pixels.astype(np.float32), (0, 0), sigma), pixels, rng)


def defocused(pixels: Pixels, diameter_px: float, rng: Chance) -> Pixels:
    """Smear every point over a disc, as a lens out of focus does; radius 0.5 to 1 of the objects' diameter."""
    radius = max(2, round(float(rng.uniform(0.5, 1.0)) * diameter_px))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)).astype(np.float32)
    return _exposed(_filtered(pixels, disc), pixels, rng)


def moved(pixels: Pixels, diameter_px: float, rng: Chance) -> Pixels:
    """Smear along a line, as a stage that moves does; 1 to 2 diameters of the objects long."""
    half = max(3, round(float(rng.uniform(1.0, 2.0)) * diameter_px / 2))
    line = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    angle = float(rng.uniform(0, math.pi))
    end = (round(half * math.cos(angle)), round(half * math.sin(angle)))
    cv2.line(line, (half - end[0], half - end[1]), (half + end[0], half + end[1]), 1.0, 1)
    return _exposed(_filtered(pixels, line), pixels, rng)


def saturated(pixels: Pixels, diameter_px: float, rng: Chance) -> Pixels:
    """Expose 3 to 20 times too long for a camera of 8, 12 or 16 bits: the right exposure fills 60 % of its range."""
    bits = int(rng.choice((8, 12, 16)))
    top = 2.0**bits - 1
    bright = max(float(np.percentile(pixels, 99.9)), 1.0)
    gain = math.exp(rng.uniform(math.log(3), math.log(20))) * 0.6 * top / bright
    return np.clip(pixels * gain, 0, top).astype(np.uint8 if bits == 8 else np.uint16)


def inverted(pixels: Pixels, diameter_px: float, rng: Chance) -> Pixels:
    """Swap bright and dark."""
    return np.asarray(pixels.max() - (pixels - pixels.min()), dtype=pixels.dtype)


def noise(shape: Shape, rng: Chance) -> Pixels:
    """Give noise of one of three kinds: of a camera, evenly spread, or single bright pixels."""
    kind = rng.integers(3)
    if kind == 0:
        return np.clip(rng.normal(500, rng.uniform(10, 120), shape), 0, 4095).astype(np.uint16)
    if kind == 1:
        return rng.integers(0, 256, shape).astype(np.uint8)
    return (255 * (rng.random(shape) < rng.uniform(0.01, 0.2))).astype(np.uint8)


def gradient(shape: Shape, rng: Chance) -> Pixels:
    """Give a slope of light from one side to the other, and nothing else."""
    down, right = np.meshgrid(np.linspace(-1, 1, shape[0]), np.linspace(-1, 1, shape[1]), indexing="ij")
    angle = rng.uniform(0, 2 * math.pi)
    slope = np.cos(angle) * down + np.sin(angle) * right
    return _as_bytes((slope + rng.normal(0, 0.01, shape)).astype(np.float32))


def checkerboard(shape: Shape, rng: Chance) -> Pixels:
    """Give a board of squares of 6 to 64 pixels."""
    side = int(rng.integers(6, 65))
    down, right = np.indices(shape) // side
    return _as_bytes(((down + right) % 2 + rng.normal(0, 0.02, shape)).astype(np.float32))


def text(shape: Shape, rng: Chance) -> Pixels:
    """Give lines of writing, dark on bright or bright on dark."""
    page = np.zeros(shape, np.uint8)
    size = float(rng.uniform(0.4, 1.2))
    thick, length = max(1, round(2 * size)), shape[1] // max(1, int(16 * size)) + 2
    for line in range(int(30 * size), shape[0] + 20, int(34 * size)):
        letters = "".join(chr(code) for code in rng.choice([32, *range(48, 123)], length))
        cv2.putText(page, letters, (4, line), cv2.FONT_HERSHEY_SIMPLEX, size, 255, thick, cv2.LINE_AA)
    return page if rng.random() < 0.5 else 255 - page


def screenshot(shape: Shape, rng: Chance) -> Pixels:
    """Give a screen: windows with edges, bars and writing."""
    screen = np.full(shape, rng.integers(25, 230), np.uint8)
    for _ in range(int(rng.integers(8, 25))):
        top, left = int(rng.integers(shape[0])), int(rng.integers(shape[1]))
        height, width = int(rng.integers(10, shape[0] // 2 + 11)), int(rng.integers(20, shape[1] // 2 + 21))
        shade, ink = (int(grey) for grey in rng.integers(0, 256, 2))
        cv2.rectangle(screen, (left, top), (left + width, top + height), shade, -1)
        cv2.putText(screen, "Sample 12  Exposure 40 ms", (left + 4, top + 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, ink, 1)
    return screen


def photograph(shape: Shape, rng: Chance) -> Pixels:
    """Give what photographs share: things of all sizes that hide each other ("dead leaves", Lee et al., IJCV 2001)."""
    scene = np.zeros(shape, np.float32)
    largest = max(shape) / 3
    for _ in range(1200):
        radius = 3.0 / math.sqrt(rng.uniform((3.0 / largest) ** 2, 1))
        centre = (int(rng.integers(shape[1])), int(rng.integers(shape[0])))
        axes = (round(radius), round(radius * rng.uniform(0.4, 1)))
        cv2.ellipse(scene, centre, axes, float(rng.uniform(0, 180)), 0, 360, float(rng.random()), -1)
    grain = cv2.GaussianBlur(rng.normal(0, 1, shape).astype(np.float32), (0, 0), 1.5)
    return _as_bytes(cv2.GaussianBlur(scene, (0, 0), 0.8) + 0.1 * grain)


def stained_tissue(shape: Shape, rng: Chance) -> Pixels:
    """Give grey tissue stained with haematoxylin and eosin: bright ground, fibres, dark nuclei with soft edges."""
    fibres = cv2.GaussianBlur(rng.normal(0, 1, shape).astype(np.float32), (0, 0), sigmaX=9, sigmaY=2.5)
    tissue = 0.72 + 0.08 * fibres / (fibres.std() + 1e-6)
    for _ in range(shape[0] * shape[1] // int(rng.integers(500, 1500))):
        centre = (int(rng.integers(shape[1])), int(rng.integers(shape[0])))
        axes = (int(rng.integers(5, 11)), int(rng.integers(4, 8)))
        cv2.ellipse(tissue, centre, axes, float(rng.uniform(0, 180)), 0, 360, float(rng.uniform(0.25, 0.45)), -1)
    return _as_bytes(cv2.GaussianBlur(tissue, (0, 0), 1.2) + rng.normal(0, 0.015, shape).astype(np.float32))


FAULTS: Final[Mapping[str, Callable[[Pixels, float, Chance], Pixels]]] = {
    "blurred": blurred,
    "defocused": defocused,
    "moved": moved,
    "saturated": saturated,
    "inverted": inverted,
}
"""Faults of a good image, from its pixels (H, W), its objects' diameter in pixels and chance."""

FOREIGN: Final[Mapping[str, Callable[[Shape, Chance], Pixels]]] = {
    "noise": noise,
    "gradient": gradient,
    "checkerboard": checkerboard,
    "text": text,
    "screenshot": screenshot,
    "photograph": photograph,
    "stained tissue": stained_tissue,
}
"""Images of something else, from their shape and chance."""


def _filtered(pixels: Pixels, kernel: Grey) -> Grey:
    weights = kernel / kernel.sum()
    return np.asarray(cv2.filter2D(pixels.astype(np.float32), cv2.CV_32F, weights), dtype=np.float32)


def _exposed(smooth: Grey, pixels: Pixels, rng: Chance) -> Pixels:
    """Add the camera's noise, which no blur takes away, to three of four images; the fourth is blurred in software."""
    values = pixels.astype(np.float32)
    grain = noise_level(values) if rng.random() < 0.75 else 0.0
    noisy = smooth + rng.normal(0, 1, smooth.shape).astype(np.float32) * np.float32(grain)
    if pixels.dtype.kind == "f":
        return noisy
    return np.clip(np.rint(noisy), 0, np.iinfo(pixels.dtype).max).astype(pixels.dtype)


def _as_bytes(values: Grey) -> NDArray[np.uint8]:
    low, high = float(values.min()), float(values.max())
    return np.asarray(255 * (values - low) / max(high - low, 1e-6), dtype=np.uint8)
