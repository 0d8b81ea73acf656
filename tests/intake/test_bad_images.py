"""Images that can't be read fail with a reason, odd ones that can be read complete, and nobody waits for them."""

import shutil
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from tests.chain.system import chain_of, chain_settings
from tests.intake.drop import Drop, Writer

pytestmark = [pytest.mark.process, pytest.mark.timeout(180)]

SIDE: Final = 96


def nuclei(shape: tuple[int, ...] = (SIDE, SIDE), dtype: type = np.uint16, top: float = 6000.0) -> NDArray[Any]:
    """Four round spots on a quiet background; further axes repeat them."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    spots = sum(
        np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / 60.0) for row in (24, 70) for column in (24, 70)
    )
    plane = 100.0 + top * spots
    return np.broadcast_to(plane, shape).astype(dtype)


def tiff(pixels: NDArray[Any], **options: Any) -> Writer:
    return lambda path: tifffile.imwrite(path, pixels, **options)


def png(pixels: NDArray[Any]) -> Writer:
    return lambda path: path.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())


def raw(data: bytes) -> Writer:
    return lambda path: path.write_bytes(data)


def cut_off(writer: Writer, share: float) -> Writer:
    def write(path: Path) -> None:
        writer(path)
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * share)])

    return write


def claiming(width: int, height: int) -> Writer:
    """A whole small TIFF whose header claims another size."""

    def write(path: Path) -> None:
        tifffile.imwrite(path, nuclei())
        with tifffile.TiffFile(path, mode="r+b") as tif:
            tif.pages[0].tags["ImageWidth"].overwrite(width)
            tif.pages[0].tags["ImageLength"].overwrite(height)

    return write


def png_header(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", width, height, 16, 0, 0, 0, 0) + bytes(40)


def rgb(dtype: type, samples: int, top: float) -> NDArray[Any]:
    return np.repeat(nuclei(dtype=dtype, top=top)[..., None], samples, axis=2)


BAD: Final[dict[str, tuple[str, Writer]]] = {
    "zero bytes.tif": ("image_unreadable", raw(b"")),
    "four bytes.tif": ("image_unreadable", raw(b"II*\0")),
    "cut off.tif": ("image_unreadable", cut_off(tiff(nuclei()), 0.5)),
    "cut off, compressed.tif": ("image_unreadable", cut_off(tiff(nuclei(), compression="zlib"), 0.7)),
    "cut off.png": ("image_unreadable", cut_off(png(nuclei()), 0.5)),
    "text.tif": ("image_unreadable", raw(b"plate 1, well A01, nothing to see here\n")),
    "page.png": ("image_unreadable", raw(b"<!doctype html><title>404</title><p>Not found")),
    "zeroes in place of an image.tif": ("image_unreadable", raw(bytes(20_000))),
    "nan.tif": ("image_not_supported", tiff(np.full((SIDE, SIDE), np.nan, np.float32))),
    "one infinite pixel.tif": (
        "image_not_supported",
        tiff(np.where(np.eye(SIDE) > 0, np.inf, 1.0).astype(np.float32)),
    ),
    "complex.tif": ("image_not_supported", tiff(nuclei(dtype=np.complex64))),
    "120000 squared.tif": ("image_too_large", claiming(120_000, 120_000)),
    "120000 squared.png": ("image_too_large", raw(png_header(120_000, 120_000))),
}
"""By name: the code that it ends with, and how it is made."""

READABLE: Final[dict[str, Writer]] = {
    "one pixel.tif": tiff(np.full((1, 1), 300, np.uint16)),
    "one row.tif": tiff(nuclei()[:1]),
    "rgb.tif": tiff(rgb(np.uint8, 3, 150.0), photometric="rgb"),
    "rgba.png": png(rgb(np.uint8, 4, 150.0)),
    "rgba.tif": tiff(rgb(np.uint8, 4, 150.0), photometric="rgb", extrasamples=["unassalpha"]),
    "three channels of 16 bit.tif": tiff(nuclei((3, SIDE, SIDE)), photometric="minisblack"),
    "rgb of 16 bit.tif": tiff(rgb(np.uint16, 3, 6000.0), photometric="rgb"),
    "float.tif": tiff(nuclei(dtype=np.float32)),
    "double.tif": tiff(nuclei(dtype=np.float64)),
    "many pages.tif": tiff(nuclei((12, SIDE, SIDE)), photometric="minisblack"),
    "all zero.tif": tiff(np.zeros((SIDE, SIDE), np.uint16)),
    "all saturated.tif": tiff(np.full((SIDE, SIDE), 65535, np.uint16)),
    "eight bit.jpg": lambda path: path.write_bytes(
        cv2.imencode(".jpg", nuclei(dtype=np.uint8, top=150.0))[1].tobytes()
    ),
    "a tiff called.png": tiff(nuclei()),
    "big-endian.tif": tiff(nuclei(), byteorder=">"),
    "bigtiff, tiled.tif": tiff(nuclei(), bigtiff=True, tile=(32, 32), compression="lzw"),
}
SHOWING_NUCLEI: Final = frozenset(READABLE) - {"one pixel.tif", "one row.tif", "all zero.tif", "all saturated.tif"}
AFTERWARDS: Final = ("good 1.tif", "good 2.tif")


@pytest.fixture(scope="module")
def dropped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drop]:
    """The bad ones first, the readable ones among them, two good ones last; all have ended."""
    with chain_of(chain_settings(tmp_path_factory.mktemp("images"), pipelines=("nuclei",))) as chain:
        chain.add_task("nuclei")
        drop = Drop(chain)
        for name, (_, writer) in BAD.items():
            drop.write(name, writer)
        for name, writer in READABLE.items():
            drop.write(name, writer)
        for number, name in enumerate(AFTERWARDS):
            drop.write(name, tiff(nuclei(top=4000.0 + number)))
        drop.await_final()
        shutil.rmtree(drop.folder.parent / "made")
        yield drop


@pytest.fixture(scope="module")
def jobs(dropped: Drop) -> dict[str, Job]:
    """The one job of each file."""
    jobs = dropped.jobs()
    assert len(jobs) == len(dropped.digests)
    return {job.source.path: job for job in jobs}


@pytest.mark.parametrize("name", BAD)
def test_an_image_that_cant_be_read_fails_and_says_why_everywhere(
    dropped: Drop, jobs: dict[str, Job], name: str
) -> None:
    assert jobs[name].stage is Stage.FAILED, jobs[name].report
    failure = dropped.told(jobs[name])
    assert failure.code == BAD[name][0], failure
    assert name in failure.cause
    assert jobs[name].attempt == 1
    assert dropped.unharmed(name)


@pytest.mark.parametrize("name", [*READABLE, *AFTERWARDS])
def test_an_image_that_can_be_read_completes_with_its_outputs(dropped: Drop, jobs: dict[str, Job], name: str) -> None:
    job = jobs[name]
    assert job.stage is Stage.COMPLETE, job.failure
    assert job.report is not None
    assert job.report.results.startswith("CellCount, ")
    assert all((dropped.chain.output / str(output.returned_path)).is_file() for output in job.outputs)
    assert len(job.outputs) == 4
    assert dropped.unharmed(name)


@pytest.mark.parametrize("name", sorted(SHOWING_NUCLEI))
def test_the_same_nuclei_are_found_whatever_the_form_of_the_image(jobs: dict[str, Job], name: str) -> None:
    report = jobs[name].report
    assert report is not None
    assert report.results == "CellCount, 4"


@pytest.mark.parametrize("name", ["all zero.tif", "all saturated.tif", "one pixel.tif"])
def test_an_image_without_nuclei_says_so_in_its_flags(jobs: dict[str, Job], name: str) -> None:
    report = jobs[name].report
    assert report is not None
    assert report.results == "CellCount, 0"
    assert report.qc_flags != "passed"


def test_failed_images_leave_no_outputs_and_no_temporary_files(dropped: Drop) -> None:
    lying = [path.name for path in dropped.chain.output.rglob("*") if path.is_file()]
    assert len(lying) == 4 * len({*READABLE, *AFTERWARDS})
    assert not [name for name in lying if name.startswith(".")]


def test_images_that_are_read_well_have_outputs_as_the_report_counts_them(dropped: Drop) -> None:
    assert dropped.reported().keys() == BAD.keys()
