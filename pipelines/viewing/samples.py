"""Reads planes and masks as a viewer wants them: halved, cut out, as plain little-endian samples."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from labrelay.contracts.planes import MOST_SAMPLES, Mask, Plane
from labrelay.errors import InputProblem, Unprocessable
from pipelines.images.errors import PlaneNotFound
from pipelines.images.reader import Image, channels_of, read_image
from pipelines.images.stack import Selection
from pipelines.segmentation.errors import ParameterInvalid
from pipelines.segmentation.parameters import SegmentationParameters, parse_parameters
from pipelines.viewing.errors import PlaneTooLarge
from pipelines.viewing.level import level_of

MAX_PIXELS: Final = 150_000_000
"""Of one plane: 300 MB of 16 bits. What is larger is looked at in the pipeline's picture."""
MOST_KEPT: Final = 200_000_000
"""Bytes of decoded planes that are kept; the one that was looked at last is kept in any case."""
MOST_KNOWN: Final = 200
MOST_PLANES: Final = 32
COLOURS: Final = ("red", "green", "blue")
SHOWN: Final = ("pixel_size_um", "z", "time")
Region = tuple[int, int, int, int]
"""Left, top, width and height, in pixels of the asked level."""


@dataclass(frozen=True)
class Place:
    """Where a plane comes from: a file, and a channel of it (None: all colours' mix)."""

    path: Path
    file: str
    channel: int | None
    name: str


class Samples:
    """Decoded planes of the images looked at last, by file and channel; a bounded number of them."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Any, ...], Image] = OrderedDict()
        self._known: OrderedDict[tuple[Any, ...], list[Place]] = OrderedDict()

    def describe(self, files: Sequence[tuple[Path, str]], parameters: Mapping[str, str]) -> dict[str, Any]:
        """The planes of a job's files, and the size of a pixel."""
        selection, size = _shown(parameters)
        told, sizes = [], []
        for number, place in enumerate(self._places(files, selection)):
            image = self._image(place, selection)
            told.append(_told(number, place, image))
            sizes.append(image.pixel_size_um)
        return {"planes": told, "pixel_size_um": size or next((each for each in sizes if each), None)}

    def mask(self, path: Path) -> dict[str, Any]:
        """What a label file holds."""
        labels = self._labels(path)
        height, width = labels.shape
        highest = int(labels.max(initial=0))
        return Mask(width=width, height=height, dtype=str(labels.dtype), highest=highest).model_dump()

    def plane(
        self,
        files: Sequence[tuple[Path, str]],
        parameters: Mapping[str, str],
        number: int,
        level: int,
        region: Region | None,
    ) -> NDArray[Any]:
        """Intensities of one plane, (H, W); each pixel of a level is the mean of those that it stands for.

        Raises:
            PlaneNotFound: there is no such plane.
            PlaneTooLarge: too many samples for one answer.
        """
        selection, _ = _shown(parameters)
        places = self._places(files, selection)
        if not 0 <= number < len(places):
            raise PlaneNotFound(f"There are {len(places)} planes, counted from 0; {number} is none of them.")
        return _halved(self._image(places[number], selection).pixels, level, region, mean=True)

    def labels(self, path: Path, level: int, region: Region | None) -> NDArray[Any]:
        """Labels of a mask, (H, W); of a halved pixel the one in its middle."""
        return _halved(self._labels(path), level, region, mean=False)

    def _places(self, files: Sequence[tuple[Path, str]], selection: Selection) -> list[Place]:
        key = (tuple(files), selection.z, selection.time)
        if key not in self._known:
            self._known[key] = _places(files, selection)
            if len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)
        return self._known[key]

    def _image(self, place: Place, selection: Selection) -> Image:
        key = (place.path, place.channel, selection.z, selection.time)
        if key not in self._kept:
            chosen = Selection(place.channel, selection.z, selection.time)
            self._kept[key] = read_image(place.path, chosen, MAX_PIXELS)
            while len(self._kept) > 1 and sum(each.pixels.nbytes for each in self._kept.values()) > MOST_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    def _labels(self, path: Path) -> NDArray[Any]:
        pixels = self._image(Place(path, path.name, None, ""), Selection()).pixels
        if pixels.dtype.kind == "f":
            if pixels.min() < 0 or (pixels % 1).any():
                raise InputProblem(f"{path.name} is no label plane: it holds values that are no whole numbers.")
            return pixels.astype(np.uint32)
        return pixels


def _shown(parameters: Mapping[str, str]) -> tuple[Selection, float | None]:
    """The z and time that the task looks at, and the pixel size that it gives."""
    try:
        told = parse_parameters({name: value for name, value in parameters.items() if name in SHOWN})
    except ParameterInvalid:  # of a pipeline that means something else by these names
        told = SegmentationParameters()
    return Selection(None, told.z, told.time), told.pixel_size_um


def _places(files: Sequence[tuple[Path, str]], selection: Selection) -> list[Place]:
    found: list[Place] = []
    for path, file in files:
        channels = channels_of(path, selection, MAX_PIXELS)
        if len(channels) > 1:
            found += [Place(path, file, channel, name) for channel, name in channels]
        elif _coloured(path, selection):
            found += [Place(path, file, number, name) for number, name in enumerate(COLOURS)]
        else:
            found.append(Place(path, file, None, channels[0][1]))
    return found[:MOST_PLANES]


def _coloured(path: Path, selection: Selection) -> bool:
    try:
        read_image(path, Selection(len(COLOURS) - 1, selection.z, selection.time), MAX_PIXELS)
    except PlaneNotFound:
        return False
    return True


def _told(number: int, place: Place, image: Image) -> dict[str, Any]:
    height, width = image.pixels.shape
    told = {"number": number, "file": place.file, "channel": place.channel or 0, "name": place.name}
    return Plane(**told, width=width, height=height, dtype=str(image.pixels.dtype)).model_dump()


def _halved(pixels: NDArray[Any], level: int, region: Region | None, *, mean: bool) -> NDArray[Any]:
    step = 1 << level
    height, width = (max(1, size // step) for size in pixels.shape)
    left, top, wide, high = _cut(region or (0, 0, width, height), width, height)
    if wide * high > MOST_SAMPLES:
        raise PlaneTooLarge(f"{wide} × {high} samples are more than {MOST_SAMPLES}.", level=level_of(width, height))
    part = pixels[top * step : (top + high) * step, left * step : (left + wide) * step]
    if level == 0:
        return np.ascontiguousarray(part)
    if mean:
        return np.asarray(cv2.resize(part, (wide, high), interpolation=cv2.INTER_AREA))
    middle = min(step // 2, *(size - 1 for size in part.shape))
    return np.ascontiguousarray(part[middle::step, middle::step][:high, :wide])


def _cut(region: Region, width: int, height: int) -> Region:
    left, top, wide, high = region
    wide, high = min(wide, width - left), min(high, height - top)
    if wide < 1 or high < 1:
        raise Unprocessable(f"The region lies outside of the {width} × {height} pixels of this level.")
    return left, top, wide, high
