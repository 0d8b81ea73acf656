"""Opens Zeiss CZI files with Zeiss's own library pylibCZIrw (LGPL), as bioio's plug-in for CZI is under the GPL."""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from pipelines.images.errors import ImageTooLarge
from pipelines.images.grey import to_grey
from pipelines.images.stack import Stack, refuse_too_large
from pipelines.images.structure import MAX_PAGES
from pipelines.images.units import micrometres

_LARGEST_VALUES_PER_PIXEL = 3


@contextmanager
def open_stack(path: Path, max_pixels: int) -> Iterator[Stack]:
    """Open the file's first scene, its tiles stitched.

    Raises:
        ImportError: pylibCZIrw is not installed.
        ImageTooLarge: The file claims too many pixels or planes.
    """
    library = importlib.import_module("pylibCZIrw.czi")
    with library.open_czi(str(path)) as document:
        field = _first_scene(document)
        refuse_too_large(path.name, field[3], field[2], _LARGEST_VALUES_PER_PIXEL, max_pixels)
        box = document.total_bounding_box_no_pyramid
        starts = {axis: int(box.get(axis, (0, 1))[0]) for axis in "CZT"}
        counts = [int(box[axis][1] - box[axis][0]) if axis in box else 1 for axis in "CZT"]
        if int(np.prod(counts)) > MAX_PAGES:
            raise ImageTooLarge(f"{path.name} claims more than {MAX_PAGES} planes.")
        places = [(int(c), int(z), int(t)) for c, z, t in np.ndindex(*counts)]

        def read(number: int, colour: int | None) -> NDArray[Any]:
            plane = {axis: starts[axis] + at for axis, at in zip("CZT", places[number], strict=True)}
            return _grey(document.read(roi=field, plane=plane), colour, path.name)

        planes = {place: number for number, place in enumerate(places)}
        metadata = ElementTree.fromstring(document.raw_metadata or "<none/>")  # noqa: S314 (expat limits entities)
        yield Stack(path.name, planes, read, _pixel_size_um(metadata), _channel_names(metadata))


def _first_scene(document: Any) -> tuple[int, int, int, int]:
    """Left, top, width and height."""
    scenes = document.scenes_bounding_rectangle_no_pyramid
    field = scenes[min(scenes)] if scenes else document.total_bounding_rectangle_no_pyramid
    return int(field[0]), int(field[1]), int(field[2]), int(field[3])


def _grey(pixels: NDArray[Any], colour: int | None, name: str) -> NDArray[Any]:
    # The library's order is blue, green, red; grey has a last axis of one.
    return to_grey(pixels[..., ::-1] if pixels.shape[-1] > 1 else pixels[..., 0], colour, name)


def _pixel_size_um(metadata: ElementTree.Element) -> float | None:
    sizes = {item.get("Id"): item.findtext("Value") for item in metadata.iterfind(".//Scaling/Items/Distance")}
    return micrometres(sizes.get("X"), sizes.get("Y"), "m")


def _channel_names(metadata: ElementTree.Element) -> dict[int, str]:
    channels = metadata.iterfind(".//Information/Image/Dimensions/Channels/Channel")
    return {number: name for number, channel in enumerate(channels) if (name := channel.get("Name"))}
