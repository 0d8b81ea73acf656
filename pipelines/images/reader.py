"""Reads grey planes and their pixel size from an image file."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pipelines.images.errors import ImageNotSupported, ImageUnreadable
from pipelines.images.grey import to_supported
from pipelines.images.microscope import open_stack as open_microscope
from pipelines.images.projection import brightest, sharpest
from pipelines.images.raster import open_stack as open_raster
from pipelines.images.signature import Kind, kind_of
from pipelines.images.stack import Selection, Stack, chosen, meant
from pipelines.images.tiff import open_stack as open_tiff

MAX_PIXELS = 500_000_000
LARGEST_VALUE = 1e28
"""Sums of so many pixels of so large values are still numbers in float32."""
_OPENERS = {
    Kind.TIFF: open_tiff,
    Kind.RASTER: open_raster,
    Kind.MICROSCOPE: open_microscope,
}


@dataclass(frozen=True)
class TakenPlane:
    """Which plane of a file an image is; all numbers count from 0.

    Attributes:
        channel: Number of the channel, or of the colour that was asked for.
        channel_name: What the file calls it.
        channel_count: How many channels the file has; colours are none of their own.
        z: Number, or None for the maximum over all.
        z_count: How many z planes the file has there.
        time: Number.
        time_count: How many time points the file has of the channel.
        projection: "max" when several z planes went into it.
    """

    channel: int = 0
    channel_name: str | None = None
    channel_count: int = 1
    z: int | None = 0
    z_count: int = 1
    time: int = 0
    time_count: int = 1
    projection: Literal["max"] | None = None


@dataclass(frozen=True)
class Image:
    """One grey plane of a file, and further channels of the same place where they were asked for.

    Attributes:
        pixels: Intensities (H, W), uint8, uint16 or float32, finite, at least 1 × 1.
        pixel_size_um: Edge of a pixel in µm, or None when the file doesn't say it.
        source: Name of the file, without folders.
        plane: Where in the file the pixels come from.
        further: Further channels, each (H, W) as `pixels`.
    """

    pixels: NDArray[Any]
    pixel_size_um: float | None
    source: str
    plane: TakenPlane = TakenPlane()
    further: tuple[NDArray[Any], ...] = ()


def read_image(
    path: Path,
    selection: Selection = Selection(),  # noqa: B008
    max_pixels: int = MAX_PIXELS,
    further: Sequence[int | str] = (),
) -> Image:
    """Read the plane that a selection names, of a file in any format that instruments write.

    The content decides the format, not the file's ending. Colour becomes grey (see `grey.to_grey`). Without a choice it
    is the first channel and time, and the maximum over z: a count wants every nucleus at its brightest, whichever plane
    is its sharpest, and a single plane of a stack (the first least of all) misses those that lie elsewhere.

    Args:
        path: The image file.
        selection: Channel, z and time.
        max_pixels: A header that claims more values than this for one plane is refused before memory is taken.
        further: Channels to read besides, at the same z and time, by number or name.

    Raises:
        ImageUnreachable: The file can't be opened.
        ImageUnreadable: The bytes are empty, cut off, damaged or no image.
        ImageNotSupported: A format or kind of values that isn't taken, or values that are not finite.
        PlaneNotFound: The file has no such channel, z or time.
        FormatNeedsExtra: The format's libraries are not installed.
        ImageTooLarge: The header claims too many pixels.
    """
    with _OPENERS[kind_of(path)](path, max_pixels) as stack:
        stack = meant(stack, selection)
        pixels, plane = _taken(stack, selection)
        more = tuple(_taken(stack, replace(selection, channel=channel))[0] for channel in further)
    if any(each.shape != pixels.shape for each in more):
        raise ImageNotSupported(f"The channels of {path.name} have different sizes.")
    return Image(pixels, stack.pixel_size_um, path.name, plane, more)


def channels_of(
    path: Path,
    selection: Selection = Selection(),  # noqa: B008
    max_pixels: int = MAX_PIXELS,
) -> tuple[tuple[int, str], ...]:
    """Numbers of a file's channels, with the names that it gives them or none; colours are no channels of their own.

    Raises:
        InputProblem: As `read_image`.
    """
    with _OPENERS[kind_of(path)](path, max_pixels) as stack:
        stack = meant(stack, selection)
        return tuple((c, stack.channel_names.get(c, "")) for c in sorted({c for c, _, _ in stack.planes}))


def _taken(stack: Stack, selection: Selection) -> tuple[NDArray[Any], TakenPlane]:
    choice, focus = chosen(stack, selection), selection.z == "focus"
    pixels, z = sharpest(stack, choice) if focus else (brightest(stack, choice), choice.zs[0])
    projected = len(choice.zs) > 1 and not focus
    plane = TakenPlane(
        channel=choice.colour or choice.channel,
        channel_name=stack.channel_names.get(choice.channel),
        channel_count=len({c for c, _, _ in stack.planes}),
        z=None if projected else z,
        z_count=sum((c, t) == (choice.channel, choice.time) for c, _, t in stack.planes),
        time=choice.time,
        time_count=len({t for c, _, t in stack.planes if c == choice.channel}),
        projection="max" if projected else None,
    )
    return _checked(to_supported(pixels, stack.source), stack.source), plane


def _checked(pixels: NDArray[Any], name: str) -> NDArray[Any]:
    if pixels.size == 0:
        raise ImageUnreadable(f"{name} has no pixels ({pixels.shape[0]} × {pixels.shape[1]}).")
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        raise ImageNotSupported(f"{name} holds values that are not finite numbers (NaN or infinite).")
    if pixels.dtype.kind == "f" and max(-pixels.min(), pixels.max()) > LARGEST_VALUE:
        raise ImageNotSupported(f"{name} holds values beyond ±{LARGEST_VALUE:g}, of which no mean can be taken.")
    return np.ascontiguousarray(pixels)
