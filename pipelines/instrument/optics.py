"""Microscope and camera: point spread, uneven illumination, shot and read noise, offset."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Light = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint16]

TOP_COUNT = 4095
"""Highest count of the simulated 12-bit camera."""

_HAZE_SHRINK = 4


@dataclass(frozen=True)
class Microscope:
    """What stays the same for every image of a plate.

    Attributes:
        offset: Camera offset in counts.
        electrons_per_count: Conversion gain; shot noise in counts is sqrt(signal / electrons_per_count).
        read_noise: Standard deviation of the read noise in counts.
        vignette: Loss of light in the farthest corner, as a share.
        tilt: Change of light from the centre to the border (down, right), as a share.
        centre: Brightest point, as a share of the image (down, right).
    """

    offset: float
    electrons_per_count: float
    read_noise: float
    vignette: float
    tilt: tuple[float, float]
    centre: tuple[float, float]


def draw_microscope(rng: np.random.Generator) -> Microscope:
    """Draw the microscope of a plate."""
    return Microscope(
        offset=float(rng.uniform(100, 140)),
        electrons_per_count=float(rng.uniform(2.0, 3.0)),
        read_noise=float(rng.uniform(2.0, 3.5)),
        vignette=float(rng.uniform(0.2, 0.35)),
        tilt=(float(rng.uniform(-0.08, 0.08)), float(rng.uniform(-0.08, 0.08))),
        centre=(float(rng.uniform(0.4, 0.6)), float(rng.uniform(0.4, 0.6))),
    )


def illumination(shape: tuple[int, int], microscope: Microscope) -> Light:
    """Share of the full light that each pixel gets: vignette and tilt, (H, W) float32, about 0.6 to 1.1."""
    height, width = shape
    down = np.linspace(-1, 1, height, dtype=np.float32)[:, None] - np.float32(2 * microscope.centre[0] - 1)
    right = np.linspace(-1, 1, width, dtype=np.float32)[None, :] - np.float32(2 * microscope.centre[1] - 1)
    fall_off = microscope.vignette * (down**2 + right**2) / 2
    slope = microscope.tilt[0] * down + microscope.tilt[1] * right
    return np.asarray(1 - fall_off + slope, dtype=np.float32)


def point_spread(light: Light, focus_sigma: float) -> Light:
    """Blur light as a widefield objective does.

    The point spread function is a mixture of Gaussians: a sharp core, its side lobes, and the haze of what lies
    out of focus.

    Args:
        light: Light that the specimen sends out, (H, W) float32.
        focus_sigma: Standard deviation of the core in pixels; larger is less in focus.
    """
    core = cv2.GaussianBlur(light, (0, 0), focus_sigma)
    lobes = cv2.GaussianBlur(light, (0, 0), 3 * focus_sigma)
    return np.asarray(0.82 * core + 0.1 * lobes + 0.08 * _haze(light, 24.0), dtype=np.float32)


def smooth_noise(shape: tuple[int, int], sigma: float, rng: np.random.Generator) -> Light:
    """Noise of mean 0 and standard deviation 1 with structures of about `sigma` pixels, (H, W) float32."""
    step = max(1, int(sigma / 2))
    coarse = rng.standard_normal((shape[0] // step + 2, shape[1] // step + 2), dtype=np.float32)
    blurred = cv2.GaussianBlur(coarse, (0, 0), sigma / step)
    blurred /= float(np.std(blurred)) + 1e-6
    return np.asarray(_resized(blurred, shape), dtype=np.float32)


def expose(light: Light, microscope: Microscope, rng: np.random.Generator) -> Pixels:
    """Photograph light (counts, (H, W) float32) with a 12-bit camera: shot noise, read noise, offset, clipping."""
    electrons = rng.poisson(np.maximum(light, 0) * microscope.electrons_per_count)
    noise = rng.standard_normal(light.shape, dtype=np.float32) * microscope.read_noise
    counts = electrons / microscope.electrons_per_count + noise + microscope.offset
    return np.clip(np.rint(counts), 0, TOP_COUNT).astype(np.uint16)


def _haze(light: Light, sigma: float) -> Light:
    # A wide blur needs no full resolution, and this one is an order of magnitude faster.
    height, width = light.shape
    small = cv2.resize(light, (-(-width // _HAZE_SHRINK), -(-height // _HAZE_SHRINK)), interpolation=cv2.INTER_AREA)
    return _resized(cv2.GaussianBlur(small, (0, 0), sigma / _HAZE_SHRINK), (height, width))


def _resized(light: Light, shape: tuple[int, int]) -> Light:
    return np.asarray(cv2.resize(light, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR), dtype=np.float32)
