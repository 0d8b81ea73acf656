"""What a format's reader hands on: one grey plane and what the file says about its scale."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from pipelines.segmentation.errors import ImageNotSupported, ImageTooLarge


@dataclass(frozen=True)
class RawPlane:
    """A grey plane (H, W) as uint8, uint16 or float32, and its pixel size in µm when known."""

    pixels: NDArray[Any]
    pixel_size_um: float | None


def refuse_too_large(name: str, height: int, width: int, samples: int, max_pixels: int) -> None:
    """Raise ImageTooLarge when a header claims more than `max_pixels` values for one plane."""
    if height * width * samples > max_pixels:
        raise ImageTooLarge(
            f"The header of {name} claims {width} × {height} pixels with {samples} value(s) each; "
            f"the limit is {max_pixels} values."
        )


def checked_channel(name: str, channel: int | None, count: int) -> int:
    """Give the channel to take (the first when None), or raise ImageNotSupported when it doesn't exist."""
    if channel is None:
        return 0
    if not 0 <= channel < count:
        raise ImageNotSupported(f"{name} has {count} channel(s), numbered from 0; channel {channel} doesn't exist.")
    return channel
