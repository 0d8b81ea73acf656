"""One nucleus: its outline, its inner texture, and its stamp on an image."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.instrument.optics import Light

SMALLEST = 18.0
LARGEST = 40.0
"""Bounds of the equivalent diameter in pixels; BBBC039 has a median of 28."""


@dataclass(frozen=True)
class Nucleus:
    """A nucleus: an ellipse with a rippled outline.

    Attributes:
        diameter: Diameter of the circle of the same area in pixels.
        elongation: Long axis over short axis.
        angle: Direction of the long axis in radians.
        ripples: Amplitude (share of the radius) and phase of each wave on the outline, from two waves a turn upwards.
        brightness: Light over the background in counts.
        nucleoli: Dark spots inside, each (down, right, sigma, depth): pixels, pixels, pixels, share.
    """

    diameter: float
    elongation: float
    angle: float
    ripples: tuple[tuple[float, float], ...]
    brightness: float
    nucleoli: tuple[tuple[float, float, float, float], ...]

    @property
    def reach(self) -> int:
        """Pixels from the centre that the nucleus can't exceed."""
        ripple = sum(abs(amplitude) for amplitude, _ in self.ripples)
        return math.ceil(self.diameter / 2 * math.sqrt(self.elongation) * (1 + ripple)) + 2

    def radius(self, direction: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Distance from the centre to the outline in pixels, for directions in radians."""
        turn = np.asarray(direction, dtype=np.float64) - self.angle
        stretch = self.elongation
        ellipse = self.diameter / 2 / np.sqrt(np.cos(turn) ** 2 / stretch + np.sin(turn) ** 2 * stretch)
        waves = [a * np.cos(k * turn + phase) for k, (a, phase) in enumerate(self.ripples, start=2)]
        return np.asarray(ellipse * (1 + sum(waves)), dtype=np.float64)


@dataclass(frozen=True)
class Stamp:
    """A nucleus set at its place, cut to the image.

    Attributes:
        window: Rows and columns of the image that it covers.
        cover: Share of each pixel that lies inside, (h, w) float32.
        light: Light of the nucleus in counts, without fine texture, (h, w) float32.
        whole_area: Area in pixels that it would have without the image's border.
    """

    window: tuple[slice, slice]
    cover: Light
    light: Light
    whole_area: float


def draw_nucleus(brightness: float, rng: np.random.Generator) -> Nucleus:
    """Draw a nucleus of a population with the given typical brightness in counts."""
    diameter = float(np.clip(rng.normal(28, 4.5), SMALLEST, LARGEST))
    return Nucleus(
        diameter=diameter,
        elongation=float(np.clip(1 + rng.gamma(3.0, 0.19), 1.05, 2.4)),
        angle=float(rng.uniform(0, math.pi)),
        ripples=tuple((float(rng.normal(0, 0.085 / k)), float(rng.uniform(0, 2 * math.pi))) for k in range(2, 7)),
        brightness=brightness * _stain(rng),
        nucleoli=tuple(_nucleolus(diameter / 2, rng) for _ in range(rng.integers(0, 5))),
    )


def stamp(nucleus: Nucleus, centre: tuple[float, float], shape: tuple[int, int]) -> Stamp | None:
    """Set a nucleus at a centre (down, right) of an image of `shape`; None if it lies outside."""
    window = _window(nucleus, centre, shape)
    if window is None:
        return None
    down = np.arange(window[0].start, window[0].stop, dtype=np.float32)[:, None] - np.float32(centre[0])
    right = np.arange(window[1].start, window[1].stop, dtype=np.float32)[None, :] - np.float32(centre[1])
    distance = np.hypot(down, right)
    edge = nucleus.radius(np.arctan2(down, right))
    cover = np.clip(edge - distance + 0.5, 0, 1).astype(np.float32)
    thickness = 0.78 + 0.22 * np.sqrt(np.clip(1 - (distance / edge) ** 2, 0, 1))
    for spot_down, spot_right, sigma, depth in nucleus.nucleoli:
        thickness -= depth * np.exp(-((down - spot_down) ** 2 + (right - spot_right) ** 2) / (2 * sigma**2))
    light = (nucleus.brightness * cover * thickness).astype(np.float32)
    return Stamp(window, cover, light, math.pi * nucleus.diameter**2 / 4)


def _window(nucleus: Nucleus, centre: tuple[float, float], shape: tuple[int, int]) -> tuple[slice, slice] | None:
    bounds = [
        (max(0, int(middle) - nucleus.reach), min(size, int(middle) + nucleus.reach + 1))
        for middle, size in zip(centre, shape, strict=True)
    ]
    (top, bottom), (left, end) = bounds
    return (slice(top, bottom), slice(left, end)) if top < bottom and left < end else None


def _stain(rng: np.random.Generator) -> float:
    kind = rng.random()
    if kind < 0.08:
        return float(rng.uniform(0.25, 0.42))
    if kind > 0.96:
        return float(rng.uniform(1.8, 2.8))
    return float(np.clip(rng.lognormal(0, 0.22), 0.55, 1.8))


def _nucleolus(radius: float, rng: np.random.Generator) -> tuple[float, float, float, float]:
    distance, direction = radius * rng.uniform(0, 0.6), rng.uniform(0, 2 * math.pi)
    down, right = distance * math.sin(direction), distance * math.cos(direction)
    return float(down), float(right), float(rng.uniform(1.3, 2.4)), float(rng.uniform(0.1, 0.35))
