"""How sharp the objects of an image are, whatever its gain, offset and scale."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.segmentation.glimpse import Glimpse

Energies = NDArray[np.float64]

_AROUND = np.ones((3, 3), np.uint8)


def focus(glimpses: Sequence[Glimpse], diameter_px: float) -> float | None:
    """Tell how sharp the objects are: about 27 for steps, towards 1 for blur; None without objects.

    The light's curvature (its second derivative, as in Pech-Pacheco et al., ICPR 2000) where the objects are: its
    variance after smoothing with a twelfth of their diameter ÷ the same after smoothing with a quarter. An edge
    narrower than the smoothing σ gives a variance in proportion to σ⁻³, so steps give 3³; an edge wider than both
    gives nearly the same twice. The least of four directions counts, as movement blurs along one only.

    Args:
        glimpses: Parts of the image.
        diameter_px: The objects' typical diameter in them.
    """
    fine = max(1.0, diameter_px / 12)
    bends = [bend for glimpse in glimpses if (bend := _bends(glimpse, fine)) is not None]
    if not bends:
        return None
    sharp, soft = np.sum(bends, axis=0)
    return float((sharp / np.maximum(soft, np.finfo(np.float32).tiny)).min())


def _bends(glimpse: Glimpse, fine: float) -> Energies | None:
    """Give the energy of the curvature (2, 4) around the objects, at both smoothings and along four directions."""
    around = cv2.dilate((glimpse.labels > 0).astype(np.uint8), _AROUND, iterations=2) > 0
    if not around.any():
        return None
    return np.stack([_curvature(glimpse, sigma, around) for sigma in (fine, 3 * fine)])


def _curvature(glimpse: Glimpse, sigma: float, where: NDArray[np.bool_]) -> Energies:
    smooth = cv2.GaussianBlur(glimpse.grey, (0, 0), sigma)
    across, down, mixed = (
        cv2.Sobel(smooth, cv2.CV_32F, *order, scale=0.25)[where] for order in ((2, 0), (0, 2), (1, 1))
    )
    middle = (across + down) / 2
    return np.array([along.var() * along.size for along in (across, down, middle + mixed, middle - mixed)], np.float64)
