"""Reads one plane of a TIFF file with tifffile: plain, OME, ImageJ, MetaMorph and multi-page stacks."""

import math
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from labrelay.errors import LabrelayError
from pipelines.segmentation.calibration import pixel_size_um
from pipelines.segmentation.errors import ImageNotSupported, ImageUnreadable
from pipelines.segmentation.grey import to_grey, to_supported
from pipelines.segmentation.plane import RawPlane, checked_channel, refuse_too_large

# Axes that can mean channels, the surest first: channel, then pages of unknown meaning.
_CHANNEL_AXES = "CQI"


def read_plane(path: Path, channel: int | None, max_pixels: int) -> RawPlane:
    """Read the first plane, or the first of a channel, with the pixel size.

    Raises:
        ImageUnreadable: The file is cut off or damaged.
        ImageNotSupported: The channel doesn't exist.
        ImageTooLarge: The header claims too many pixels.
    """
    try:
        # The other files of a multi-file set are not here: each file stands for itself.
        with tifffile.TiffFile(path, _multifile=False) as tif:
            return _first_plane(tif, path.name, channel, max_pixels)
    except (LabrelayError, MemoryError):
        raise
    except Exception as error:  # tifffile and its codecs raise some twenty kinds on damaged bytes
        raise ImageUnreadable(f"{path.name} is damaged: {error or type(error).__name__}.") from error


def _first_plane(tif: tifffile.TiffFile, name: str, channel: int | None, max_pixels: int) -> RawPlane:
    if len(tif.pages) == 0:
        raise ImageUnreadable(f"{name} is cut off: it ends at byte {tif.filehandle.size} before its directory.")
    page = tif.pages[0]
    refuse_too_large(name, page.imagelength, page.imagewidth, page.samplesperpixel * page.imagedepth, max_pixels)
    refuse_too_large(name, page.tilelength, page.tilewidth, page.samplesperpixel * page.tiledepth, max_pixels)
    _refuse_missing_pages(tif, name)
    number, colour = _choice(tif.series[0], page, channel, name)
    pixels = _decoded(tif, number, name)
    if page.photometric == tifffile.PHOTOMETRIC.MINISWHITE:
        pixels = _inverted(pixels)
    return RawPlane(to_supported(to_grey(pixels, colour, name), name), pixel_size_um(tif))


def _choice(series: Any, page: Any, channel: int | None, name: str) -> tuple[int, int | None]:
    """Give the number of the plane within the series, and the colour within that plane (None: mix)."""
    leading = series.axes[: -len(page.axes)] if series.axes.endswith(page.axes) else ""
    axis = next((axis for axis in _CHANNEL_AXES if axis in leading), None)
    if axis is None:
        return 0, channel
    position = leading.index(axis)
    chosen = checked_channel(name, channel, series.shape[position])
    return chosen * math.prod(series.shape[position + 1 : len(leading)]), None


def _decoded(tif: tifffile.TiffFile, number: int, name: str) -> NDArray[Any]:
    """Decode one plane to (H, W) or (H, W, S); ImageJ stacks keep all planes behind a single page."""
    series = tif.series[0]
    if number < len(series.pages) and series.pages[number] is not None:
        page = series.pages[number]
        _refuse_cut_off(tif, page, name)
        return _channels_last(page.asarray(), page.axes)
    if series.dataoffset is None:
        raise ImageNotSupported(f"{name} keeps its planes in a way that this reader doesn't know.")
    return _contiguous(tif, series, number, name)


def _contiguous(tif: tifffile.TiffFile, series: Any, number: int, name: str) -> NDArray[Any]:
    page = series.keyframe
    count = math.prod(page.shape)
    offset = series.dataoffset + number * count * page.dtype.itemsize
    if offset + count * page.dtype.itemsize > tif.filehandle.size:
        raise ImageUnreadable(f"{name} is cut off: plane {number} lies behind the end of the file.")
    dtype = page.dtype.newbyteorder(tif.byteorder)
    pixels = np.fromfile(tif.filehandle.path, dtype=dtype, count=count, offset=offset)
    return _channels_last(pixels.reshape(page.shape), page.axes)


def _refuse_missing_pages(tif: tifffile.TiffFile, name: str) -> None:
    """Refuse a chain of pages that leads out of the file, which tifffile silently ends there, and a short stack."""
    last, form = tif.pages[len(tif.pages) - 1], tif.tiff
    tif.filehandle.seek(last.offset)
    tags = struct.unpack(form.tagnoformat, tif.filehandle.read(form.tagnosize))[0]
    tif.filehandle.seek(tags * form.tagsize, os.SEEK_CUR)
    following = struct.unpack(form.offsetformat, tif.filehandle.read(form.offsetsize))[0]
    series = tif.series[0]
    needed = series.dataoffset + series.nbytes if series.dataoffset is not None else 0
    if following > last.offset or needed > tif.filehandle.size:
        raise ImageUnreadable(f"{name} is cut off: it ends at byte {tif.filehandle.size} before its last plane.")


def _refuse_cut_off(tif: tifffile.TiffFile, page: Any, name: str) -> None:
    ends = [offset + count for offset, count in zip(page.dataoffsets, page.databytecounts, strict=False)]
    if not ends or max(ends) > tif.filehandle.size:
        needed = max(ends, default=0)
        raise ImageUnreadable(
            f"{name} is cut off: it should reach byte {needed} and ends at byte {tif.filehandle.size}."
        )


def _channels_last(pixels: NDArray[Any], axes: str) -> NDArray[Any]:
    if axes.startswith("Z"):  # an imagedepth of several: the first section
        pixels, axes = pixels[0], axes[1:]
    return np.moveaxis(pixels, 0, -1) if axes.startswith("S") else pixels


def _inverted(pixels: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(np.invert(pixels) if pixels.dtype.kind in "bu" else pixels.max() - pixels)
