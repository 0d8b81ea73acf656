"""Pictures of few colours, and the PNG files that hold them.

One byte a pixel is a third of what true colour takes, in memory and above all in the time that compression needs.
"""

import struct
import zlib

import imagecodecs
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""Numbers of colours (h, w)."""

GREYS = 200
"""Colours 0 to 199 are the greys from black to white."""

WHITE = GREYS - 1

# Bright enough on black, strong enough on white, and each far from the next: objects that touch mostly have numbers
# that follow each other.
COLOURS = (
    (255, 221, 51),
    (64, 196, 255),
    (255, 110, 180),
    (124, 236, 90),
    (255, 145, 40),
    (170, 140, 255),
    (60, 235, 190),
    (255, 95, 85),
    (200, 235, 50),
    (110, 160, 255),
    (240, 120, 240),
    (80, 220, 235),
    (255, 175, 110),
)
"""Colours of outlines (red, green, blue), numbered after the greys."""

_COMPRESSION = 1
_INDEXED_8_BIT = (8, 3, 0, 0, 0)


def palette() -> NDArray[np.uint8]:
    """Give all colours (C, 3), red, green and blue."""
    grey = np.linspace(0, 255, GREYS).round().astype(np.uint8)
    return np.concatenate([np.stack([grey] * 3, axis=-1), np.asarray(COLOURS, np.uint8)])


def as_png(picture: Picture) -> bytes:
    """Write a picture as indexed PNG (W3C, Portable Network Graphics, 2003), its rows without filter."""
    height, width = picture.shape
    rows = np.zeros((height, width + 1), np.uint8)  # every row begins with the number of its filter, 0 for none
    rows[:, 1:] = picture
    chunks = (
        (b"IHDR", struct.pack(">II5B", width, height, *_INDEXED_8_BIT)),
        (b"PLTE", palette().tobytes()),
        (b"IDAT", bytes(imagecodecs.deflate_encode(rows.tobytes(), level=_COMPRESSION))),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))
