"""Opens the formats of microscope makers with the extra `labrelay[formats]`: Leica LIF and Nikon ND2 through bioio.

Zeiss CZI is read by `czi`. Nothing of the extra is imported before such a file comes.
"""

import importlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labrelay.errors import LabrelayError
from pipelines.images.czi import open_stack as open_czi
from pipelines.images.errors import FormatNeedsExtra, ImageTooLarge, ImageUnreadable
from pipelines.images.grey import to_grey
from pipelines.images.signature import CZI, LIF, first_bytes
from pipelines.images.stack import Stack, refuse_too_large
from pipelines.images.structure import MAX_PAGES
from pipelines.images.units import micrometres


@contextmanager
def open_stack(path: Path, max_pixels: int) -> Iterator[Stack]:
    """Open the file's first scene; planes are read one by one.

    Raises:
        FormatNeedsExtra: The format's library is not installed.
        ImageUnreadable: The file is cut off or damaged.
        ImageTooLarge: It claims too many pixels or planes, or needs more memory than there is.
    """
    try:
        with _opened(path, max_pixels) as stack:
            yield stack
    except LabrelayError:
        raise
    except ImportError as error:
        format_name = _format_of(path)[0]
        raise FormatNeedsExtra(
            f"{path.name} is a {format_name} file, and the extra labrelay[formats], which reads those, "
            f"is not installed here ({error.name or error} is missing)."
        ) from error
    except MemoryError as error:
        raise ImageTooLarge(f"{path.name} needs more memory than this machine can give.") from error
    except Exception as error:  # three foreign libraries on damaged bytes
        raise ImageUnreadable(f"{path.name} is damaged: {error or type(error).__name__}.") from error


def _format_of(path: Path) -> tuple[str, str]:
    """The format's name, and the bioio plug-in that reads it."""
    head = first_bytes(path)
    if head.startswith(CZI):
        return "Zeiss CZI", ""
    return ("Leica LIF", "bioio_lif") if head.startswith(LIF) else ("Nikon ND2", "bioio_nd2")


def _opened(path: Path, max_pixels: int) -> AbstractContextManager[Stack]:
    _, plugin = _format_of(path)
    return _by_bioio(path, plugin, max_pixels) if plugin else open_czi(path, max_pixels)


@contextmanager
def _by_bioio(path: Path, plugin: str, max_pixels: int) -> Iterator[Stack]:
    bioio, reader = importlib.import_module("bioio"), importlib.import_module(plugin).Reader
    if plugin == "bioio_lif":
        _refuse_cut_off_lif(path)
    image = bioio.BioImage(path, reader=reader)
    sizes = {axis: int(image.dims[axis][0]) for axis in "CZTYX"}
    samples = int(image.dims["S"][0]) if "S" in image.dims.order else 1
    refuse_too_large(path.name, sizes["Y"], sizes["X"], samples, max_pixels)
    if sizes["C"] * sizes["Z"] * sizes["T"] > MAX_PAGES:
        raise ImageTooLarge(f"{path.name} claims more than {MAX_PAGES} planes.")
    places = [(int(c), int(z), int(t)) for c, z, t in np.ndindex(sizes["C"], sizes["Z"], sizes["T"])]
    axes = "YXS" if samples > 1 else "YX"

    def read(number: int, colour: int | None) -> NDArray[Any]:
        c, z, t = places[number]
        return to_grey(image.get_image_dask_data(axes, C=c, Z=z, T=t).compute(), colour, path.name)

    scale = image.physical_pixel_sizes
    names = {number: str(name) for number, name in enumerate(image.channel_names or ()) if name}
    planes = {place: number for number, place in enumerate(places)}
    yield Stack(path.name, planes, read, micrometres(scale.X, scale.Y, "µm"), names)


def _refuse_cut_off_lif(path: Path) -> None:
    """Refuse a Leica file whose image blocks lie behind its end: what is missing would be read as it comes."""
    with importlib.import_module("liffile").LifFile(path) as lif:
        end = max((block.offset + block.size for block in lif.memory_blocks.values()), default=0)
    if end > path.stat().st_size:
        raise ImageUnreadable(f"{path.name} is cut off: its images should reach byte {end}.")
