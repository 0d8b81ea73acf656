"""Opens TIFF files with tifffile: plain, OME, ImageJ, MetaMorph and every other kind that it knows."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import tifffile
from numpy.typing import NDArray

from labrelay.errors import LabrelayError
from pipelines.images.calibration import pixel_size_um
from pipelines.images.errors import ImageNotSupported, ImageTooLarge, ImageUnreadable
from pipelines.images.grey import from_palette, inverted, to_grey
from pipelines.images.labels import channel_names
from pipelines.images.ome import OmeImage, ome_image
from pipelines.images.stack import Coordinates, Stack
from pipelines.images.structure import MAX_PAGES, page_count, refuse_claimed_size, refuse_claims, refuse_missing_parts

_CHANNEL, _Z, _TIME = "C", "Z", "T"
_MEANINGLESS: Final = "QI"
_CHANNELS_NOT_COLOURS: Final = {tifffile.PHOTOMETRIC.MINISBLACK, tifffile.PHOTOMETRIC.MINISWHITE}


@contextmanager
def open_stack(path: Path, max_pixels: int) -> Iterator[Stack]:
    """Open the file and check its structure; planes are read one by one.

    Raises:
        ImageUnreadable: The file is cut off or damaged.
        ImageNotSupported: It is compressed or laid out in a way that isn't taken.
        ImageTooLarge: It claims too many pixels or pages, or needs more memory than there is.
    """
    try:
        # The other files of a set are not here: each file stands for itself.
        with tifffile.TiffFile(path, _multifile=False) as tif:
            yield _stack(tif, path.name, max_pixels)
    except LabrelayError:
        raise
    except MemoryError as error:
        raise ImageTooLarge(f"{path.name} needs more memory than this machine can give.") from error
    except Exception as error:  # tifffile and its codecs raise some twenty kinds on damaged bytes
        raise ImageUnreadable(f"{path.name} is damaged: {error or type(error).__name__}.") from error


def _stack(tif: tifffile.TiffFile, name: str, max_pixels: int) -> Stack:
    pages = page_count(tif, name)
    refuse_claimed_size(tif.pages.first, name, max_pixels)
    refuse_missing_parts(tif, tif.pages[pages - 1], name)  # a copy that broke off lacks the end of its last page
    ome = ome_image(tif.ome_metadata, name, pages) if tif.is_ome else OmeImage()
    size = ome.pixel_size_um or pixel_size_um(tif)
    if ome.planes:
        return _of_ome(tif, ome, size, name, max_pixels)
    return _of_series(tif, size, name, max_pixels)


def _of_ome(tif: tifffile.TiffFile, ome: OmeImage, size: float | None, name: str, max_pixels: int) -> Stack:
    def read(number: int, colour: int | None) -> NDArray[Any]:
        return _decoded(tif, tif.pages[number], colour, name, max_pixels)

    return Stack(name, ome.planes, read, size, ome.channel_names)


def _of_series(tif: tifffile.TiffFile, size: float | None, name: str, max_pixels: int) -> Stack:
    series = tif.series[0]
    leading = series.axes[: -len(series.keyframe.axes)] if series.axes.endswith(series.keyframe.axes) else ""
    sizes = dict(zip(leading, series.shape, strict=False))
    _refuse_short(tif, series, name)

    def read(number: int, colour: int | None) -> NDArray[Any]:
        if number < len(series.pages) and series.pages[number] is not None:
            return _decoded(tif, series.pages[number], colour, name, max_pixels)
        return _contiguous(tif, series, number, colour, name, max_pixels)

    planes, meaningless = _numbered(sizes, name)
    return Stack(name, planes, read, size, channel_names(tif, planes), meaningless)


def _numbered(sizes: dict[str, int], name: str) -> tuple[dict[Coordinates, int], bool]:
    """Number the planes of a series whose leading axes are these, the last fastest; and whether pages lack meaning.

    Of axes that mean none of channel, z and time only the first place is taken.
    """
    if math.prod(sizes.values()) > MAX_PAGES:
        raise ImageTooLarge(f"{name} claims more than {MAX_PAGES} planes.")
    bare = _CHANNEL not in sizes and next((axis for axis in _MEANINGLESS if axis in sizes), None)
    steps = {axis: math.prod(list(sizes.values())[place + 1 :]) for place, axis in enumerate(sizes)}
    axes = [bare or _CHANNEL, _Z, _TIME]
    counts = [sizes.get(axis, 1) for axis in axes]
    planes = {
        (c, z, t): sum(at * steps.get(axis, 0) for at, axis in zip((c, z, t), axes, strict=True))
        for c, z, t in np.ndindex(*counts)
    }
    return planes, bool(bare)


def _decoded(tif: tifffile.TiffFile, page: Any, colour: int | None, name: str, max_pixels: int) -> NDArray[Any]:
    refuse_claims(tif, page, name, max_pixels)
    return _grey(page.asarray(), page.keyframe, colour, name)


def _contiguous(
    tif: tifffile.TiffFile, series: Any, number: int, colour: int | None, name: str, max_pixels: int
) -> NDArray[Any]:
    """Read a plane that has no page of its own: ImageJ and MetaMorph keep all planes behind a single page."""
    page = series.keyframe
    refuse_claims(tif, page, name, max_pixels)
    if series.dataoffset is None:
        raise ImageNotSupported(f"{name} keeps its planes in a way that this reader doesn't know.")
    count = math.prod(page.shape)
    pixels = np.fromfile(
        tif.filehandle.path,
        dtype=page.dtype.newbyteorder(tif.byteorder),
        count=count,
        offset=series.dataoffset + number * count * page.dtype.itemsize,
    )
    if pixels.size < count:
        raise ImageUnreadable(f"{name} is cut off: plane {number} lies behind the end of the file.")
    return _grey(pixels.reshape(page.shape), page, colour, name)


def _refuse_short(tif: tifffile.TiffFile, series: Any, name: str) -> None:
    needed = series.dataoffset + series.nbytes if series.dataoffset is not None else 0
    if needed > tif.filehandle.size:
        raise ImageUnreadable(f"{name} is cut off: it ends at byte {tif.filehandle.size} before its last plane.")


def _grey(pixels: NDArray[Any], page: Any, colour: int | None, name: str) -> NDArray[Any]:
    pixels = _channels_last(pixels, page.axes)
    if page.photometric == tifffile.PHOTOMETRIC.PALETTE and page.colormap is not None:
        pixels = from_palette(pixels, page.colormap)
    grey = to_grey(pixels, colour, name, page.photometric not in _CHANNELS_NOT_COLOURS)
    if page.photometric == tifffile.PHOTOMETRIC.MINISWHITE:
        grey = inverted(grey, page.bitspersample)
    return grey


def _channels_last(pixels: NDArray[Any], axes: str) -> NDArray[Any]:
    if axes.startswith("Z"):  # an imagedepth of several: the first section
        pixels, axes = pixels[0], axes[1:]
    return np.moveaxis(pixels, 0, -1) if axes.startswith("S") else pixels
