"""What an overlay tells in words: how many objects, and how long a micrometre is."""

import math

import cv2

from pipelines.segmentation.picture import WHITE, Picture

_MARGIN = 0.5
_WEIGHT = 500
_SHARE = 40
_SMALLEST, _LARGEST = 16, 44
_BAR_SHARE = 5


def write_count(picture: Picture, count: int, factor: float) -> None:
    """Write the count top left; also how much a reduced picture is reduced."""
    objects = "1 object" if count == 1 else f"{count:,} objects"
    text = objects if factor >= 1 else f"{objects} · shown at {100 * factor:.2g} %"
    size = _text_size(picture)
    width = _width(text, size)
    pad = round(size * _MARGIN)
    if _room(picture, width + 4 * pad, 3 * size):
        cv2.rectangle(picture, (pad, pad), (width + 3 * pad, 2 * pad + size), 0, -1)
        _write(picture, text, 2 * pad, pad + size + pad // 4, size)


def write_scale(picture: Picture, pixel_size_um: float) -> None:
    """Draw a bar of a round length (1, 2 or 5 times a power of ten), about a fifth of the width, bottom right."""
    height, width = picture.shape
    size = _text_size(picture)
    length_um = _round_length(width * pixel_size_um / _BAR_SHARE)
    length, thick, pad = max(1, round(length_um / pixel_size_um)), max(2, size // 6), round(size * _MARGIN)
    text = f"{length_um / 1000:g} mm" if length_um >= 1000 else f"{length_um:g} µm"
    box = max(length, _width(text, size)) + 2 * pad
    if not _room(picture, box + 2 * pad, 4 * size + thick):
        return
    right, bottom = width - pad, height - pad
    cv2.rectangle(picture, (right - box, bottom - size - thick - 2 * pad), (right - 1, bottom - 1), 0, -1)
    left = right - pad - (box - 2 * pad + length) // 2
    cv2.rectangle(picture, (left, bottom - pad - thick), (left + length - 1, bottom - pad - 1), WHITE, -1)
    text_left = right - box // 2 - _width(text, size) // 2
    _write(picture, text, text_left, bottom - thick - pad - pad // 2, size)


def _write(picture: Picture, text: str, left: int, bottom: int, size: int) -> None:
    cv2.putText(picture, text, (left, bottom), (WHITE,), _font(), size, _WEIGHT)


def _width(text: str, size: int) -> int:
    return int(cv2.getTextSize((0, 0), text, (0, 0), _font(), size, _WEIGHT)[2])


def _font() -> cv2.FontFace:
    # A face is not safe between threads; the font itself lies in OpenCV and is read once.
    return cv2.FontFace("sans")


def _text_size(picture: Picture) -> int:
    """Height of a line in pixels."""
    return int(min(max(_SMALLEST, max(picture.shape) // _SHARE), _LARGEST))


def _room(picture: Picture, width: int, height: int) -> bool:
    return bool(picture.shape[1] >= width and picture.shape[0] >= height)


def _round_length(length: float) -> float:
    power = 10.0 ** math.floor(math.log10(length))
    return power * max(step for step in (1, 2, 5) if step * power <= length * 1.000001)
