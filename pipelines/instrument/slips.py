"""What goes wrong at an instrument now and then, planted on purpose, so that people can see it found and mended."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from pipelines.instrument.errors import PlantingRefused
from pipelines.instrument.plate import Plate, Shot

FEWEST: Final = 8
"""Images that a plate needs to have slips among them and still be mostly good."""
KEPT_OF_CUT: Final = 0.28
"""Share of a cut-off file that reached the disk."""


class Slip(StrEnum):
    """What is wrong with one image."""

    CUT = "cut"
    """The file ends before its pixels do, as when the network goes away."""
    CHANNEL = "channel"
    """The protocol was set to the second wavelength, so the name says `_w2`."""
    CONTROL = "control"
    """Nothing but the name, which says `_z1`: a demo gives such files to a task with a wrong parameter."""


ENDINGS: Final = {Slip.CHANNEL: "_w2.tif", Slip.CONTROL: "_w1_z1.tif"}


def plant(plate: Plate, images: int | None) -> dict[Shot, Slip]:
    """Which images of a plate get a slip: one cut off, two of the other wavelength, one control.

    Args:
        plate: its wells and their order.
        images: how many are taken; None for the whole plate.

    Raises:
        PlantingRefused: there are too few images.
    """
    shots = [shot for shot in plate.shots(images) if not plate.is_blank(shot.well)]
    if len(shots) < FEWEST - 1:
        raise PlantingRefused(f"A plate with planted slips needs {FEWEST} images or more.")
    cut, channel, control = (_at(shots, share) for share in (0.2, 0.45, 0.75))
    return {
        shots[cut]: Slip.CUT,
        shots[channel]: Slip.CHANNEL,
        shots[channel + 1]: Slip.CHANNEL,
        shots[control]: Slip.CONTROL,
    }


def renamed(file: str, slip: Slip | None) -> str:
    """The name that a file gets by a slip (ImageXpress: `…_w1.tif`)."""
    ending = ENDINGS.get(slip) if slip else None
    return file.removesuffix("_w1.tif") + ending if ending else file


def damaged(content: bytes, slip: Slip | None) -> bytes:
    """What of a file's bytes reaches the disk."""
    return content[: int(len(content) * KEPT_OF_CUT)] if slip is Slip.CUT else content


def _at(shots: Sequence[Shot], share: float) -> int:
    return int(len(shots) * share)
