"""Bring images of any camera to the range the network was trained on."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.segmentation.sampling import sampled

# Beyond these the network has nothing to learn: dead pixels below, glare and debris above.
LOWEST, HIGHEST = -1.0, 4.0
# A Gaussian's median absolute deviation is 0.6745 standard deviations.
_MAD_OF_UNIT_GAUSSIAN = 0.6745
# The noise of so many pixels differs from that of all by far less than a grey step.
_ENOUGH_DIFFERENCES = 250_000


@dataclass(frozen=True)
class GreyRange:
    """What of an image's values becomes 0 (`low`) and 1 (`low` + `span`); of the whole image, so that tiles agree."""

    low: float
    span: float

    def scaled(self, pixels: NDArray[Any]) -> NDArray[np.float32]:
        """Map values of any shape and real dtype to float32, clipped to -1..4."""
        scaled = pixels.astype(np.float32)
        scaled -= np.float32(self.low)
        scaled /= np.float32(self.span)
        return np.clip(scaled, LOWEST, HIGHEST, out=scaled)


def normalise(
    pixels: NDArray[Any], low_percentile: float, high_percentile: float, minimum_range: float
) -> NDArray[np.float32]:
    """Map the low percentile to 0 and the high one to 1; see `grey_range`.

    Returns:
        (H, W) float32, clipped to -1..4.
    """
    return grey_range(pixels, low_percentile, high_percentile, minimum_range).scaled(pixels)


def grey_range(pixels: NDArray[Any], low_percentile: float, high_percentile: float, minimum_range: float) -> GreyRange:
    """Tell which values become 0 and 1, from about a million pixels however large the image is.

    A blank image holds camera noise only; stretching it would show nuclei that are not there. The range that
    becomes 1 is therefore at least `minimum_range` times the image's own noise
    (of integers at least half a grey step).

    Args:
        pixels: (H, W), any real dtype, free of NaN.
        low_percentile: 0..100, the background.
        high_percentile: 0..100, the bright objects.
        minimum_range: smallest range to stretch, in standard deviations of the pixel noise.
    """
    low, high = np.percentile(sampled(pixels).astype(np.float32), (low_percentile, high_percentile))
    noise = max(noise_level(pixels), _rounding(pixels))
    span = max(float(high - low), minimum_range * noise, float(np.finfo(np.float32).tiny))
    return GreyRange(float(low), span)


def noise_level(values: NDArray[Any]) -> float:
    """Standard deviation of the pixel noise, from differences of neighbours, which cancel slow illumination.

    The median ignores edges of objects (Hampel 1974). Differences are taken in both
    directions and the larger result counts, as some cameras have line noise.
    """
    step = max(1, values.size // _ENOUGH_DIFFERENCES)
    columns, rows = values[:, ::step].astype(np.float32), values[::step].astype(np.float32)
    return max(_difference_noise(columns, 0), _difference_noise(rows, 1))


def _difference_noise(values: NDArray[np.float32], axis: int) -> float:
    if values.shape[axis] < 2:
        return 0.0
    differences = np.diff(values, axis=axis)
    spread = float(np.median(np.abs(differences - np.median(differences))))
    return spread / _MAD_OF_UNIT_GAUSSIAN / float(np.sqrt(2.0))


def _rounding(pixels: NDArray[Any]) -> float:
    """Half a grey step: noise below it vanishes in most neighbours and shows as single steps in others."""
    return 0.5 if np.issubdtype(pixels.dtype, np.integer) else 0.0
