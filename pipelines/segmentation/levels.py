"""Light of an image in a few figures: how much is saturated, how bright and even the background is, what lies in it."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int32]
Mask = NDArray[np.bool_]

_BIT_DEPTHS = (12, 14, 16)
_BLOCKS = 8
_AROUND = np.ones((3, 3), np.uint8)


def full_scale(pixels: NDArray[Any]) -> float:
    """Give the camera's highest value: of the fewest usual bits that hold the brightest pixel, 12 of 16 for example.

    Float images have none: infinite.
    """
    if pixels.dtype.kind == "f":
        return float("inf")
    if pixels.dtype.itemsize == 1:
        return 255.0
    brightest = int(pixels.max())
    return float(next((2**bits - 1 for bits in _BIT_DEPTHS if brightest < 2**bits), np.iinfo(pixels.dtype).max))


def saturated_share(pixels: NDArray[Any], inside: Mask, top: float) -> float:
    """Compare the pixels that share the image's brightest value with those of objects; 0 to 1.

    Light has no highest value, so a value that many pixels share and none exceeds is where camera or export cut it off,
    be it 4095, 65520 (twelve bits in the upper part of sixteen) or 1.0. Where there are no objects, a dark image of few
    grey steps looks the same: there only the camera's highest value counts, as a share of all pixels.
    """
    brightest = float(pixels.max())
    shared = float(np.count_nonzero(pixels >= brightest))
    if inside.any() and brightest > float(pixels.min()):
        return min(1.0, shared / int(np.count_nonzero(inside)))
    return shared / pixels.size if brightest >= top else 0.0


def background_level(pixels: NDArray[Any], background: Mask, top: float) -> float | None:
    """Give the background's median ÷ the camera's highest value; None where there is neither."""
    return float(np.median(pixels[background])) / top if background.any() and np.isfinite(top) else None


def unevenness(pixels: NDArray[Any], background: Mask) -> float | None:
    """Compare the background's spread over 8 × 8 blocks of the field with the image's contrast; None without objects.

    The contrast is the range of the whole image between its 0.5th and 99.5th percentile.
    """
    if background.all() or not background.any():
        return None
    low, high = np.percentile(_block_medians(pixels, background), (5, 95))
    darkest, brightest = np.percentile(pixels, (0.5, 99.5))
    return float((high - low) / (brightest - darkest)) if brightest > darkest else 0.0


def debris_share(pixels: NDArray[Any], inside: Mask, margin_px: int) -> float | None:
    """Give the share of the background, apart from a margin round the objects, that stands out as objects do.

    That is by more than half of what lies between the medians of background and objects, brighter or darker; None
    without objects.
    """
    outside = cv2.dilate(inside.astype(np.uint8), _AROUND, iterations=max(1, margin_px)) == 0
    if not inside.any() or not outside.any():
        return None
    ground = pixels[outside].astype(np.float32)
    middle = float(np.median(ground))
    contrast = abs(float(np.median(pixels[inside])) - middle)
    return float(np.mean(np.abs(ground - middle) > max(contrast / 2, float(np.finfo(np.float32).tiny))))


def _block_medians(pixels: NDArray[Any], background: Mask) -> NDArray[np.float64]:
    rows = np.array_split(np.arange(pixels.shape[0]), _BLOCKS)
    columns = np.array_split(np.arange(pixels.shape[1]), _BLOCKS)
    blocks = [np.ix_(row, column) for row in rows for column in columns if len(row) and len(column)]
    return np.array([np.median(pixels[block][background[block]]) for block in blocks if background[block].any()])
