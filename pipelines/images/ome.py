"""What the OME-XML of a TIFF file says of the pages in that very file.

The files of a set reach the pipeline one by one, so planes that lie in other files of the set are left out; numbers
stay those of the whole set. The rules of `TiffData` are those of the OME-TIFF specification, version 6.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

from pipelines.images.errors import ImageTooLarge
from pipelines.images.stack import Coordinates
from pipelines.images.units import micrometres

_MAX_XML_BYTES = 100_000_000
_MAX_AXIS = 1_000_000_000


@dataclass(frozen=True)
class OmeImage:
    """The first image of an OME-XML that has planes in this file.

    Attributes:
        planes: Page of each channel, z and time; empty when the XML doesn't say.
        channel_names: Names by channel.
        pixel_size_um: Edge of a pixel, or None.
    """

    planes: dict[Coordinates, int] = field(default_factory=dict)
    channel_names: dict[int, str] = field(default_factory=dict)
    pixel_size_um: float | None = None


def ome_image(xml: str, file_name: str, pages: int) -> OmeImage:
    """Read what an OME-XML says of a file of that name with so many pages; empty when it is none or says nothing.

    Raises:
        ImageTooLarge: The XML itself is larger than 100 MB.
    """
    if len(xml) > _MAX_XML_BYTES:
        raise ImageTooLarge(f"{file_name} has {len(xml)} bytes of OME-XML; the limit is {_MAX_XML_BYTES}.")
    try:
        root = ElementTree.fromstring(xml)  # noqa: S314 (expat itself limits the growth of entities)
        found = [_image(pixels, root, file_name, pages) for pixels in root.iterfind("{*}Image/{*}Pixels")]
    except (ElementTree.ParseError, ValueError, KeyError, ZeroDivisionError, OverflowError):
        return OmeImage()
    return next((image for image in found if image.planes), found[0] if found else OmeImage())


def _image(pixels: ElementTree.Element, root: ElementTree.Element, file_name: str, pages: int) -> OmeImage:
    names = {
        number: channel.get("Name") or channel.get("Fluor") or ""
        for number, channel in enumerate(pixels.iterfind("{*}Channel"))
    }
    planes = dict(_planes(pixels, root.get("UUID"), file_name, pages))
    return OmeImage(planes, {number: name for number, name in names.items() if name}, _pixel_size_um(pixels))


def _planes(
    pixels: ElementTree.Element, own_uuid: str | None, file_name: str, pages: int
) -> Iterator[tuple[Coordinates, int]]:
    order = [axis for axis in pixels.attrib["DimensionOrder"] if axis in "CZT"]
    sizes = {axis: min(int(pixels.attrib[f"Size{axis}"]), _MAX_AXIS) for axis in "CZT"}
    channel = pixels.find("{*}Channel")
    samples = int(channel.get("SamplesPerPixel", 1)) if channel is not None else 1
    sizes["C"] = max(1, sizes["C"] // samples)
    for data in pixels.iterfind("{*}TiffData"):
        if _is_own(data, own_uuid, file_name):
            yield from _pages_of(data.attrib, order, sizes, pages)


def _is_own(data: ElementTree.Element, own_uuid: str | None, file_name: str) -> bool:
    uuid = data.find("{*}UUID")
    if uuid is None or (own_uuid is not None and (uuid.text or "").strip() == own_uuid):
        return True
    return uuid.get("FileName", "").lower() == file_name.lower()


def _pages_of(
    given: dict[str, Any], order: list[str], sizes: dict[str, int], pages: int
) -> Iterator[tuple[Coordinates, int]]:
    first_page = int(given.get("IFD", 0))
    count = int(given.get("PlaneCount", given.get("NumPlanes", 1 if "IFD" in given else pages)))
    total = math.prod(sizes.values())
    start, step = 0, 1
    for axis in order:
        start += int(given.get(f"First{axis}", 0)) * step
        step *= sizes[axis]
    for index in range(min(count, pages - first_page, total - start)):
        place, left = {}, start + index
        for axis in order:
            left, place[axis] = divmod(left, sizes[axis])
        yield (place["C"], place["Z"], place["T"]), first_page + index


def _pixel_size_um(pixels: ElementTree.Element) -> float | None:
    x, y = pixels.get("PhysicalSizeX"), pixels.get("PhysicalSizeY")
    return micrometres(x, y, pixels.get("PhysicalSizeXUnit", "µm"), pixels.get("PhysicalSizeYUnit", "µm"))
