"""Reads PNG and JPEG files with OpenCV."""

import struct
from pathlib import Path

import cv2
import numpy as np

from pipelines.segmentation.errors import ImageUnreachable, ImageUnreadable
from pipelines.segmentation.grey import to_grey, to_supported
from pipelines.segmentation.plane import RawPlane, refuse_too_large

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
JPEG_SIGNATURE = b"\xff\xd8\xff"
_JPEG_MARKERS_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xDA)}
_JPEG_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def read_plane(path: Path, channel: int | None, max_pixels: int) -> RawPlane:
    """Read a PNG or JPEG file; neither format carries a pixel size that can be trusted."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ImageUnreachable(f"{path.name} can't be read: {error.strerror or error}.") from error
    width, height, samples = _claimed_size(data, path.name)
    refuse_too_large(path.name, height, width, samples, max_pixels)
    try:
        # Decoding from memory, because OpenCV can't open names outside the code page on Windows.
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise ImageUnreadable(f"{path.name} can't be decoded: {error}.") from error
    if pixels is None:
        raise ImageUnreadable(f"{path.name} is cut off or damaged: its pixels can't be decoded.")
    if pixels.ndim == 3:
        pixels = pixels[..., [2, 1, 0]]  # OpenCV's order is blue, green, red
    return RawPlane(to_supported(to_grey(pixels, channel, path.name), path.name), None)


def _claimed_size(data: bytes, name: str) -> tuple[int, int, int]:
    try:
        return _png_size(data) if data.startswith(PNG_SIGNATURE) else _jpeg_size(data)
    except struct.error as error:
        raise ImageUnreadable(f"{name} is cut off in its header.") from error


def _png_size(data: bytes) -> tuple[int, int, int]:
    """Width, height and values per pixel from the IHDR chunk (PNG specification, 11.2.2)."""
    width, height, _depth, colour = struct.unpack_from(">IIBB", data, 16)
    return width, height, {0: 1, 4: 2, 6: 4}.get(colour, 3)


def _jpeg_size(data: bytes) -> tuple[int, int, int]:
    """Width, height and components from the first frame header (ITU-T T.81, B.2.2)."""
    offset = 2
    while True:
        prefix, marker = struct.unpack_from(">BB", data, offset)
        if prefix != 0xFF or marker in _JPEG_MARKERS_WITHOUT_LENGTH or marker == 0xFF:
            offset += 1
            continue
        if marker in _JPEG_FRAMES:
            height, width, components = struct.unpack_from(">HHB", data, offset + 5)
            return width, height, components
        offset += 2 + int(struct.unpack_from(">H", data, offset + 2)[0])
