"""Makes one plane of the z planes that a selection means, holding at most two of them in memory at once."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.images.errors import ImageUnreadable
from pipelines.images.stack import Choice, Stack

# Noise of single pixels is no sharpness: smoothed away before the bend is taken.
_SMOOTHING_PX = 2.0


def brightest(stack: Stack, choice: Choice) -> NDArray[Any]:
    """The maximum over z at each pixel (H, W); with one z just that plane."""
    projected = _read(stack, choice, choice.zs[0])
    for z in choice.zs[1:]:
        projected = np.maximum(projected, _alike(_read(stack, choice, z), projected, stack.source))
    return projected


def sharpest(stack: Stack, choice: Choice) -> tuple[NDArray[Any], int]:
    """The plane (H, W) of the strongest Laplacian (Pech-Pacheco et al., ICPR 2000), and its z."""
    best, best_z, best_sharpness = _read(stack, choice, choice.zs[0]), choice.zs[0], -1.0
    for z in choice.zs if len(choice.zs) > 1 else ():
        plane = _alike(_read(stack, choice, z), best, stack.source)
        sharpness = _sharpness(plane)
        if sharpness > best_sharpness:
            best, best_z, best_sharpness = plane, z, sharpness
    return best, best_z


def _read(stack: Stack, choice: Choice, z: int) -> NDArray[Any]:
    return stack.read(stack.planes[choice.channel, z, choice.time], choice.colour)


def _alike(plane: NDArray[Any], first: NDArray[Any], name: str) -> NDArray[Any]:
    if plane.shape != first.shape:
        raise ImageUnreadable(f"{name} has z planes of different sizes, {first.shape} and {plane.shape}.")
    return plane


def _sharpness(plane: NDArray[Any]) -> float:
    smooth = cv2.GaussianBlur(plane.astype(np.float32), (0, 0), _SMOOTHING_PX)
    return float(np.nan_to_num(cv2.Laplacian(smooth, cv2.CV_32F).var()))
