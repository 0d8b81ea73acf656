"""Names that a TIFF file's software gave its channels; OME-XML's are read by `ome`."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import tifffile

from pipelines.images.stack import Coordinates

# ImageJ puts the place before its own label: "c:1/3 z:1/5 - DAPI".
_PLACE = re.compile(r"^\s*([czt]:\d+/\d+\s*)+(-\s*)?")


def channel_names(tif: tifffile.TiffFile, planes: Mapping[Coordinates, int]) -> dict[int, str]:
    """Give names by channel from ImageJ's labels, Micro-Manager or MetaSeries (ImageXpress); empty when there are none.

    `planes` tells the number of each channel's planes in the file, as ImageJ's labels are in that order.
    """
    firsts = {c: number for (c, _, _), number in sorted(planes.items(), reverse=True)}
    for reader in (_imagej, _micromanager, _metaseries):
        try:
            names = dict(reader(tif, firsts))
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            continue  # this metadata is absent
        names = {channel: name for channel, name in names.items() if name}
        if names:
            return names
    return {}


def _imagej(tif: tifffile.TiffFile, firsts: Mapping[int, int]) -> Iterable[tuple[int, str]]:
    labels = tif.imagej_metadata["Labels"]
    return [(channel, _PLACE.sub("", labels[number]).strip()) for channel, number in firsts.items()]


def _micromanager(tif: tifffile.TiffFile, firsts: Mapping[int, int]) -> Iterable[tuple[int, str]]:
    names = tif.micromanager_metadata["Summary"]["ChNames"]
    return [(channel, str(names[channel])) for channel in firsts]


def _metaseries(tif: tifffile.TiffFile, firsts: Mapping[int, int]) -> Iterable[tuple[int, str]]:
    if len(firsts) > 1:
        raise ValueError("one channel a file")
    plane: Mapping[str, Any] = tif.metaseries_metadata["PlaneInfo"]
    return [(0, str(plane.get("_IllumSetting_") or plane.get("image-name") or ""))]
