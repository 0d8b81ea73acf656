"""Reads one grey plane and its pixel size from an image file; the one reader of all pipelines."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.segmentation import raster, tiff
from pipelines.segmentation.errors import ImageNotSupported, ImageUnreachable, ImageUnreadable
from pipelines.segmentation.plane import RawPlane

MAX_PIXELS = 500_000_000
_TIFF_SIGNATURES = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")


@dataclass(frozen=True)
class Image:
    """One grey plane of a file.

    Attributes:
        pixels: Intensities (H, W), uint8, uint16 or float32, finite, at least 1 × 1.
        pixel_size_um: Edge of a pixel in µm, or None when the file doesn't say it.
        source: Name of the file, without folders.
    """

    pixels: NDArray[Any]
    pixel_size_um: float | None
    source: str


def read_image(path: Path, channel: int | None = None, max_pixels: int = MAX_PIXELS) -> Image:
    """Read the first plane, or that of a channel, of a TIFF, PNG or JPEG file.

    The content decides the format, not the file's ending. Colour becomes grey (see `grey.to_grey`).

    Args:
        path: The image file.
        channel: Channel counted from 0; None takes the first plane of a stack and all colours of a colour image.
        max_pixels: A header that claims more values than this for one plane is refused before memory is taken.

    Raises:
        ImageUnreachable: The file can't be opened.
        ImageUnreadable: The bytes are empty, cut off, damaged or no image.
        ImageNotSupported: The channel doesn't exist, or the values are complex or not finite.
        ImageTooLarge: The header claims too many pixels.
    """
    plane = _read_plane(path, channel, max_pixels)
    return Image(_checked(plane.pixels, path.name), plane.pixel_size_um, path.name)


def _read_plane(path: Path, channel: int | None, max_pixels: int) -> RawPlane:
    signature = _signature(path)
    if signature[:4] in _TIFF_SIGNATURES:
        return tiff.read_plane(path, channel, max_pixels)
    if signature.startswith(raster.PNG_SIGNATURE) or signature.startswith(raster.JPEG_SIGNATURE):
        return raster.read_plane(path, channel, max_pixels)
    raise ImageUnreadable(f"{path.name} is no TIFF, PNG or JPEG image: it begins with {signature[:8]!r}.")


def _signature(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            signature = file.read(16)
    except OSError as error:
        raise ImageUnreachable(f"{path.name} can't be opened: {error.strerror or error}.") from error
    if not signature:
        raise ImageUnreadable(f"{path.name} is empty (0 bytes).")
    return signature


def _checked(pixels: NDArray[Any], name: str) -> NDArray[Any]:
    if pixels.size == 0:
        raise ImageUnreadable(f"{name} has no pixels ({pixels.shape[0]} × {pixels.shape[1]}).")
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        raise ImageNotSupported(f"{name} holds values that are not finite numbers (NaN or infinite).")
    return np.ascontiguousarray(pixels)
