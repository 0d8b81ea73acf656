"""Turns decoded pixels of any kind into one grey plane of uint8, uint16 or float32."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.images.errors import ImageNotSupported, PlaneNotFound

# ITU-R BT.601 luma, as OpenCV and ImageJ ("weighted") use it.
_LUMA = (0.299, 0.587, 0.114)
_COLOURS = 3


def to_grey(pixels: NDArray[Any], colour: int | None, name: str, coloured: bool = True) -> NDArray[Any]:
    """Reduce values (H, W, S) to (H, W); S in the order red, green, blue, then alpha, which is ignored.

    A chosen colour is taken as it is. Otherwise equal colours give that colour; when only one colour carries a picture
    (fluorescence saved in its dye's colour) that one is taken; else the luma is. Where the values are channels rather
    than colours, or fewer than three, the first is taken.

    Raises:
        PlaneNotFound: The colour doesn't exist.
    """
    samples = 1 if pixels.ndim == 2 else pixels.shape[-1]
    if colour is not None and not 0 <= colour < samples:
        raise PlaneNotFound(f"{name} has {samples} channel(s), numbered from 0; channel {colour} doesn't exist.")
    if pixels.ndim == 2:
        return pixels
    if colour is not None or samples < _COLOURS or not coloured:
        return np.asarray(pixels[..., colour or 0])
    return _mixed(pixels[..., :_COLOURS])


def _mixed(rgb: NDArray[Any]) -> NDArray[Any]:
    pictures = [index for index in range(_COLOURS) if rgb[..., index].min() != rgb[..., index].max()]
    first = rgb[..., pictures[0] if pictures else 0]
    if len(pictures) < 2 or all(np.array_equal(first, rgb[..., index]) for index in range(_COLOURS)):
        return np.asarray(first)
    luma = rgb.astype(np.float32) @ np.asarray(_LUMA, dtype=np.float32)
    return luma if rgb.dtype.kind == "f" else np.rint(luma).astype(rgb.dtype)


def from_palette(indices: NDArray[Any], colours: NDArray[Any]) -> NDArray[Any]:
    """Give the values (H, W) or (H, W, 3) that a palette image shows; its colour map is (3, N), as TIFF has it.

    A map that grows brighter with the value is a display's: the stored values are the intensities. Any other map says
    what the values mean, and its colours are taken.
    """
    luma = np.asarray(_LUMA) @ colours.astype(np.float64)
    if (np.diff(luma) >= 0).all():
        return indices
    return np.asarray(colours.T[np.minimum(indices, colours.shape[1] - 1)])


def inverted(pixels: NDArray[Any], bits: int) -> NDArray[Any]:
    """Turn an image round whose zero is white; `bits` that the file uses of an unsigned value."""
    if pixels.dtype.kind == "b":
        return np.asarray(~pixels)
    if pixels.dtype.kind == "u":
        return np.asarray(pixels.dtype.type(2**bits - 1) - pixels)
    return np.asarray(pixels.max() - pixels.astype(np.float32)) if pixels.size else pixels


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
