"""Opens PNG, JPEG and BMP files with OpenCV; they hold one plane, and no pixel size that can be trusted."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import imagecodecs
import numpy as np
from numpy.typing import NDArray

from pipelines.images.errors import ImageTooLarge, ImageUnreachable, ImageUnreadable
from pipelines.images.grey import to_grey
from pipelines.images.headers import bmp_size, jpeg_bits, jpeg_is_whole, jpeg_size, png_is_whole, png_size
from pipelines.images.signature import JPEG, PNG
from pipelines.images.stack import Stack, refuse_too_large


@contextmanager
def open_stack(path: Path, max_pixels: int) -> Iterator[Stack]:
    """Read and decode the file.

    Raises:
        ImageUnreachable: The file can't be read.
        ImageUnreadable: It is cut off or damaged.
        ImageTooLarge: The header claims too many pixels.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ImageUnreachable(f"{path.name} can't be read: {error.strerror or error}.") from error
    pixels = _decoded(data, path.name, max_pixels)
    yield Stack(path.name, {(0, 0, 0): 0}, lambda _, colour: to_grey(pixels, colour, path.name))


def _decoded(data: bytes, name: str, max_pixels: int) -> NDArray[Any]:
    try:
        width, height, samples = _claimed(data)
        refuse_too_large(name, height, width, samples, max_pixels)
        # OpenCV allocates what a chunk claims, up to 4 GB, before it looks whether it is there.
        if data.startswith(PNG) and not png_is_whole(data):
            raise ImageUnreadable(f"{name} is cut off or damaged: it has no whole chain of PNG chunks.")
        # Decoders fill with grey what is missing, where a copy broke off or left zeros.
        if data.startswith(JPEG) and not jpeg_is_whole(data):
            raise ImageUnreadable(f"{name} is cut off or damaged: it has no JPEG end marker.")
        if data.startswith(JPEG) and jpeg_bits(data) != 8:
            return np.asarray(imagecodecs.jpeg_decode(data))  # 12 bit, which OpenCV can't
        return _by_opencv(data, name)
    except struct.error as error:
        raise ImageUnreadable(f"{name} is cut off in its header.") from error
    except MemoryError as error:
        raise ImageTooLarge(f"{name} needs more memory than this machine can give.") from error
    except (cv2.error, imagecodecs.DelayedImportError, RuntimeError, ValueError) as error:
        raise ImageUnreadable(f"{name} can't be decoded: {error}.") from error


def _claimed(data: bytes) -> tuple[int, int, int]:
    if data.startswith(PNG):
        return png_size(data)
    return jpeg_size(data) if data.startswith(JPEG) else bmp_size(data)


def _by_opencv(data: bytes, name: str) -> NDArray[Any]:
    # From memory, because OpenCV can't open names outside the code page on Windows.
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise ImageUnreadable(f"{name} is cut off or damaged: its pixels can't be decoded.")
    if pixels.ndim == 3 and pixels.shape[-1] >= 3:
        pixels = pixels[..., [2, 1, 0]]  # OpenCV's order is blue, green, red
    return np.asarray(pixels)
