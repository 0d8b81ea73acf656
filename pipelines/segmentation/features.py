"""A few features of an image and its prediction by which images of a kind can be told from all others."""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.segmentation.glimpse import Glimpse, Grey, Labels
from pipelines.segmentation.normalise import noise_level
from pipelines.segmentation.outlines import outlines

Features = Mapping[str, float]

_AROUND = np.ones((3, 3), np.uint8)
_SHARE, _LIGHT = 1e-3, 1e-3
_UNCERTAIN = 0.2, 0.8
_SMALLEST_SIDE, _FEWEST = 16, 20
_PICTURE: Final = (
    "noise",
    "contrast",
    "background_spread",
    "asymmetry",
    "edge_over_background",
    "edge_over_inside",
    "steepness",
    "spectrum_fine",
    "spectrum_middle",
    "spectrum_coarse",
    "outline",
)
_PREDICTION: Final = ("foreground_share", "certainty", "seed", "uncertain", "kept", "size_spread")
FEATURES: Final = _PICTURE + _PREDICTION
"""Names of all features. A changed definition gets a new name, as model packages hold what is usual for each."""


def features(
    glimpses: Sequence[Glimpse],
    diameters_px: NDArray[np.float64],
    prediction: NDArray[np.float32],
    covered: float,
) -> Features | None:
    """Describe an image; None where there is too little to see: no objects, nothing but objects, or a few pixels.

    Args:
        glimpses: Parts of the image.
        diameters_px: (N,) diameters of all its objects at the glimpses' scale.
        prediction: (≥ 2, h, w) foreground and seeds, a sample of all pixels.
        covered: Share of the image that objects cover.
    """
    if not len(diameters_px):
        return None
    diameter = float(np.median(diameters_px))
    seen = [found for glimpse in glimpses if (found := _picture(glimpse, diameter)) is not None]
    if not seen:
        return None
    return {name: float(np.median([one[name] for one in seen])) for name in _PICTURE} | {
        **_certainty(prediction, covered),
        "size_spread": float(np.log10(diameters_px).std()),
    }


def _picture(glimpse: Glimpse, diameter: float) -> Features | None:
    """Light, edges, spectrum and outlines of one glimpse."""
    inside = glimpse.labels > 0
    outside = _grown(inside, 3) == 0
    if min(inside.shape) < _SMALLEST_SIDE or min(np.count_nonzero(inside), np.count_nonzero(outside)) < _FEWEST:
        return None
    light = _light(glimpse.grey, inside, outside)
    edges = _edges(glimpse.grey, inside, outside, diameter / max(abs(light["contrast"]), 0.02))
    return {**light, **edges, **_spectrum(glimpse.grey), "outline": _outline(glimpse.labels, inside)}


def _light(grey: Grey, inside: NDArray[np.bool_], outside: NDArray[np.bool_]) -> Features:
    ground = grey[outside]
    return {
        "noise": _log(noise_level(grey), _LIGHT),
        "contrast": float(np.median(grey[inside]) - np.median(ground)),
        "background_spread": _log(float(ground.std()), _LIGHT),
        "asymmetry": float((grey.mean() - np.median(grey)) / max(float(grey.std()), _LIGHT)),
    }


def _edges(grey: Grey, inside: NDArray[np.bool_], outside: NDArray[np.bool_], scale: float) -> Features:
    """Compare the steepness of the light at the objects' outlines with that elsewhere, and with a straight slope."""
    smooth = cv2.GaussianBlur(grey, (0, 0), 1.0)
    across, down = (cv2.Sobel(smooth, cv2.CV_32F, *order, scale=1 / 8) for order in ((1, 0), (0, 1)))
    slope = cv2.magnitude(across, down)
    core = cv2.erode(inside.astype(np.uint8), _AROUND, iterations=2) > 0
    rim = (_grown(inside, 1) > 0) & ~(cv2.erode(inside.astype(np.uint8), _AROUND) > 0)
    at_rim = float(slope[rim].mean())
    in_core = float(slope[core if core.any() else inside].mean())
    return {
        "edge_over_background": _log(at_rim, _LIGHT) - _log(float(slope[outside].mean()), _LIGHT),
        "edge_over_inside": _log(at_rim, _LIGHT) - _log(in_core, _LIGHT),
        "steepness": _log(at_rim * scale, _LIGHT),
    }


def _spectrum(grey: Grey) -> Features:
    """Compare the strength of details of neighbouring sizes, by a Laplacian pyramid (Burt & Adelson 1983)."""
    strengths: list[float] = []
    for _ in range(4):
        smaller = cv2.pyrDown(grey)
        strengths.append(_log(float((grey - cv2.pyrUp(smaller, dstsize=grey.shape[::-1])).std()), _LIGHT))
        grey = np.asarray(smaller, np.float32)
    fine, middle, coarse = (float(a - b) for a, b in itertools.pairwise(strengths))
    return {"spectrum_fine": fine, "spectrum_middle": middle, "spectrum_coarse": coarse}


def _outline(labels: Labels, inside: NDArray[np.bool_]) -> float:
    """Compare the length of all outlines with that of circles of the same areas."""
    areas = np.bincount(labels.ravel())[1:]
    circles = 2.0 * np.sqrt(np.pi * areas).sum()
    return _log(float(np.count_nonzero(outlines(labels) & inside) / circles), _SHARE)


def _certainty(prediction: NDArray[np.float32], covered: float) -> dict[str, float]:
    """How sure the network was, and how much of its foreground became objects."""
    foreground = prediction[0] >= 0.5
    share = float(foreground.mean())
    low, high = _UNCERTAIN
    doubtful = float(((prediction[0] > low) & (prediction[0] < high)).mean())
    return {
        "foreground_share": _log(share, _SHARE),
        "certainty": float(prediction[0][foreground].mean()) if share else 0.0,
        "seed": float(prediction[1][foreground].mean()) if share else 0.0,
        "uncertain": _log(doubtful, _SHARE) - _log(share, _SHARE),
        "kept": _log(covered, _SHARE) - _log(share, _SHARE),
    }


def _grown(mask: NDArray[np.bool_], steps: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), _AROUND, iterations=steps), np.uint8)


def _log(value: float, least: float) -> float:
    return math.log10(max(value, 0.0) + least)
