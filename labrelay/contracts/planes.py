"""An image as a viewer gets it: its planes, the mask of what was found in it, and what was measured."""

from typing import Final

from labrelay.contracts.base import Contract

MOST_SAMPLES: Final = 6_300_000
"""Of one answer: a camera's 2560 × 2160 goes whole."""
LARGEST_LEVEL: Final = 12
SIZE: Final = "X-Plane-Size"
KIND: Final = "X-Plane-Type"
"""Headers of raw samples: `WIDTHxHEIGHT`, and `uint8`, `uint16`, `uint32` or `float32`; little-endian, row by row."""


class Plane(Contract):
    """One channel of one file; `number` goes into the address of its samples.

    Attributes:
        file: the file's path, for sets that have several.
        channel: counted from 0, or the colour of a coloured picture.
        name: what the file calls it; empty where it doesn't.
        dtype: `uint8`, `uint16` or `float32`.
    """

    number: int
    file: str
    channel: int
    name: str
    width: int
    height: int
    dtype: str


class Mask(Contract):
    """The label plane: 0 is background, every other number one object."""

    width: int
    height: int
    dtype: str
    highest: int


class Planes(Contract):
    """What can be looked at of a job. Answer of `GET /api/v2/jobs/{id}/planes`.

    Attributes:
        version: changes with the image, the mask and what the task says of planes: part of every ETag.
        pixel_size_um: edge of a pixel, or None where neither task nor file says it.
        levels: halvings after which even the whole plane fits into one answer.
        mask: None where there is none of the image's size; `mask_trouble` says why.
    """

    job_id: str
    version: str
    planes: tuple[Plane, ...]
    pixel_size_um: float | None
    levels: int
    most_samples: int = MOST_SAMPLES
    mask: Mask | None = None
    mask_trouble: str = ""


class Objects(Contract):
    """The sealed table of measurements, column by column. Answer of `GET /api/v2/jobs/{id}/objects`.

    Attributes:
        name: of the output that it was read from.
        count: rows.
        columns: by their names, which end with the unit; empty cells are None.
    """

    job_id: str
    name: str
    sha256: str
    count: int
    columns: dict[str, tuple[int | float | str | None, ...]]
