"""Draws the overlay for eyes: the image in grey, every object outlined in its own colour, count and scale bar."""

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.images.reader import Image

MAX_SIDE = 2048
_STRETCH = (0.5, 99.8)
_SAMPLES = 1_000_000
_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def draw_overlay(image: Image, labels: NDArray[np.int32], max_side: int = MAX_SIDE) -> NDArray[np.uint8]:
    """Draw an overlay (h, w, 3) uint8 in OpenCV's order (blue, green, red), its longest side at most `max_side`."""
    factor = min(1.0, max_side / max(labels.shape))
    size = (max(1, round(labels.shape[1] * factor)), max(1, round(labels.shape[0] * factor)))
    grey = cv2.resize(_stretched(image.pixels), size, interpolation=cv2.INTER_AREA)
    overlay = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)
    small = np.asarray(cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST_EXACT))
    edges = outlines(small)
    overlay[edges] = _colours(int(labels.max(initial=0)))[small[edges]]
    _write_count(overlay, len(np.unique(labels[labels > 0])))
    if image.pixel_size_um is not None:
        _draw_scale_bar(overlay, image.pixel_size_um / factor)
    return np.asarray(overlay, dtype=np.uint8)


def outlines(labels: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Mark the pixels (H, W) of objects that have a pixel of something else above, below, left or right of them."""
    edges = np.zeros(labels.shape, np.bool_)
    below, right = labels[1:] != labels[:-1], labels[:, 1:] != labels[:, :-1]
    edges[1:] |= below
    edges[:-1] |= below
    edges[:, 1:] |= right
    edges[:, :-1] |= right
    return edges & (labels > 0)


def _stretched(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    step = max(1, math.isqrt(pixels.size // _SAMPLES))
    low, high = np.percentile(pixels[::step, ::step], _STRETCH)
    slope = 255.0 / max(float(high - low), 1e-6)
    shifted = (pixels.astype(np.float32) - np.float32(low)) * np.float32(slope)
    return np.asarray(np.clip(shifted, 0, 255), dtype=np.uint8)


def _colours(count: int) -> NDArray[np.uint8]:
    """Give a bright colour for each label 0…count; the golden ratio keeps neighbouring labels far apart in hue."""
    hue = np.arange(count + 1) * 0.618034 % 1.0 * 180
    colours = np.stack([hue, np.full_like(hue, 200), np.full_like(hue, 255)], axis=-1).astype(np.uint8)
    return np.asarray(cv2.cvtColor(colours[np.newaxis], cv2.COLOR_HSV2BGR)[0], dtype=np.uint8)


def _text_size(overlay: NDArray[Any]) -> float:
    return max(0.35, float(min(overlay.shape[:2])) / 1000)


def _write(overlay: NDArray[Any], text: str, left: int, bottom: int) -> None:
    size = _text_size(overlay)
    for colour, thickness in ((_BLACK, max(3, round(6 * size))), (_WHITE, max(1, round(2 * size)))):
        cv2.putText(overlay, text, (left, bottom), _FONT, size, colour, thickness, cv2.LINE_AA)


def _write_count(overlay: NDArray[Any], count: int) -> None:
    _write(overlay, "1 object" if count == 1 else f"{count} objects", 8, round(30 * _text_size(overlay)) + 6)


def _draw_scale_bar(overlay: NDArray[Any], pixel_size_um: float) -> None:
    """Draw a bar of a round length (1, 2 or 5 times a power of ten µm), about a fifth of the width, bottom right."""
    height, width = overlay.shape[:2]
    length_um = _round_length(width * pixel_size_um / 5)
    length, thick = round(length_um / pixel_size_um), max(2, height // 200)
    left, bottom = width - length - 10, height - 10
    cv2.rectangle(overlay, (left - 1, bottom - thick - 1), (left + length + 1, bottom + 1), _BLACK, -1)
    cv2.rectangle(overlay, (left, bottom - thick), (left + length, bottom), _WHITE, -1)
    _write(overlay, f"{length_um:g} um", left, bottom - thick - 6)  # OpenCV's font has no µ


def _round_length(length: float) -> float:
    power = 10.0 ** math.floor(math.log10(length))
    return power * max(step for step in (1, 2, 5) if step * power <= length * 1.000001)
