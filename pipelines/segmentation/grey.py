"""Turns decoded pixels of any kind into one grey plane of uint8, uint16 or float32."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.segmentation.errors import ImageNotSupported
from pipelines.segmentation.plane import checked_channel

# ITU-R BT.601 luma, as OpenCV and ImageJ ("weighted") use it.
_LUMA = (0.299, 0.587, 0.114)
_COLOURS = 3


def to_grey(pixels: NDArray[Any], channel: int | None, name: str) -> NDArray[Any]:
    """Reduce colours (H, W, S) to (H, W); S in the order red, green, blue, then alpha, which is ignored.

    A chosen channel is taken as it is. Otherwise equal colours give that colour; when only one colour carries a picture
    (fluorescence saved in its dye's colour) that one is taken; else the luma is.

    Raises:
        ImageNotSupported: The channel doesn't exist.
    """
    if pixels.ndim == 2:
        checked_channel(name, channel, 1)
        return pixels
    samples = pixels.shape[-1]
    if channel is not None or samples < _COLOURS:
        return np.asarray(pixels[..., checked_channel(name, channel, samples)])
    return _mixed(pixels[..., :_COLOURS])


def _mixed(rgb: NDArray[Any]) -> NDArray[Any]:
    pictures = [index for index in range(_COLOURS) if rgb[..., index].min() != rgb[..., index].max()]
    first = rgb[..., pictures[0] if pictures else 0]
    if len(pictures) < 2 or all(np.array_equal(first, rgb[..., index]) for index in range(_COLOURS)):
        return np.asarray(first)
    luma = rgb.astype(np.float32) @ np.asarray(_LUMA, dtype=np.float32)
    return luma if rgb.dtype.kind == "f" else np.rint(luma).astype(rgb.dtype)


def to_supported(pixels: NDArray[Any], name: str) -> NDArray[Any]:
    """Give uint8 and uint16 back as they are, bool as uint8 0 and 255, every other real number as float32.

    Raises:
        ImageNotSupported: The values are complex or no numbers.
    """
    if pixels.dtype.kind == "b":
        return pixels.astype(np.uint8) * np.uint8(255)
    if pixels.dtype.kind not in "uif":
        raise ImageNotSupported(f"{name} holds values of type {pixels.dtype}, which are no intensities.")
    if pixels.dtype.kind == "u" and pixels.dtype.itemsize <= 2:
        return pixels.astype(pixels.dtype.newbyteorder("="), copy=False)
    with np.errstate(over="ignore"):  # an overflow becomes infinite, and the reader refuses that by name
        return pixels.astype(np.float32)
