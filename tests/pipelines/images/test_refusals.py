"""Files that are no images, or no whole ones, or not the kind that is read: refused in plain words."""

import struct
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from labrelay.errors import InputProblem
from pipelines.images.errors import ImageNotSupported, ImageUnreachable, ImageUnreadable
from pipelines.images.reader import read_image
from pipelines.images.stack import Selection
from tests.pipelines.images.made import KINDS, page_tags, raw_tiff

Grey = NDArray[np.uint16]


def test_a_missing_file_can_be_retried(tmp_path: Path) -> None:
    with pytest.raises(ImageUnreachable, match=r"gone\.tif can't be opened") as caught:
        read_image(tmp_path / "gone.tif")
    assert caught.value.retryable


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "empty"),
        (b"just some text, no image", "no TIFF, PNG, JPEG or BMP"),
        (b"<!DOCTYPE html><html>", "web page or XML"),
        (b"\n <html>", "web page or XML"),
        (bytes(5000), "zeros"),
        (b"II*\x00", "damaged"),
        (b"II*\x00\xff\xff\xff\x7f", "cut off"),
        (b"II*\x00\x00\x00\x00\x00", "cut off"),
        (b"\x89PNG\r\n\x1a\n", "cut off"),
        (b"\xff\xd8\xff\xe0", "cut off"),
        (b"BM\x00\x00\x00\x00\x00\x00\x00\x00", "cut off"),
    ],
)
def test_bytes_that_are_no_image_are_refused(tmp_path: Path, content: bytes, cause: str) -> None:
    (tmp_path / "bad.tif").write_bytes(content)
    with pytest.raises(ImageUnreadable, match=cause) as caught:
        read_image(tmp_path / "bad.tif")
    assert not caught.value.retryable
    assert caught.value.next_step


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "OLE container"),
        (b"\x89HDF\r\n\x1a\n" + bytes(600), "HDF5"),
        (b"PK\x03\x04" + bytes(600), "ZIP"),
        (b"GIF89a" + bytes(600), "GIF"),
        (bytes(128) + b"DICM" + bytes(600), "DICOM"),
    ],
)
def test_formats_that_are_not_read_are_named(tmp_path: Path, content: bytes, what: str) -> None:
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(ImageNotSupported, match=what) as caught:
        read_image(tmp_path / "a.tif")
    assert "Export" in caught.value.next_step


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95])
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_was_cut_off_is_refused(tmp_path: Path, grey: Grey, kind: str, share: float) -> None:
    KINDS[kind](tmp_path / kind, grey)
    whole = (tmp_path / kind).read_bytes()
    (tmp_path / kind).write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ImageUnreadable):
        read_image(tmp_path / kind)


@pytest.mark.parametrize("bits", [8, 12])
@pytest.mark.parametrize("filled", [False, True], ids=["cut off", "zeros"])
def test_a_jpeg_whose_end_never_came_is_refused(tmp_path: Path, grey: Grey, bits: int, filled: bool) -> None:
    field = grey if bits == 12 else (grey >> 4).astype(np.uint8)
    whole = imagecodecs.jpeg_encode(field, bitspersample=bits)
    cut = whole[: len(whole) // 2]
    (tmp_path / "a.jpg").write_bytes(cut.ljust(len(whole), b"\0") if filled else cut)
    with pytest.raises(ImageUnreadable, match="cut off"):
        read_image(tmp_path / "a.jpg")


def test_a_tiff_cut_at_any_byte_of_its_structure_is_refused(tmp_path: Path, grey: Grey) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.stack([grey[:6, :7]] * 2), photometric="minisblack", rowsperstrip=2)
    whole = (tmp_path / "a.tif").read_bytes()
    # The very last bytes are the second page's resolution, which nobody needs.
    for end in range(len(whole) - 16):
        (tmp_path / "a.tif").write_bytes(whole[:end])
        with pytest.raises(ImageUnreadable):
            read_image(tmp_path / "a.tif", Selection(channel=0))


def test_a_tiff_whose_strips_were_never_written_is_refused(tmp_path: Path) -> None:
    pixels = bytes(200)
    (tmp_path / "a.tif").write_bytes(raw_tiff(page_tags(10, 10, 0), pixels))
    (tmp_path / "b.tif").write_bytes(raw_tiff(page_tags(10, 10, 200, t278=(4, [5])), pixels))
    for name in ("a.tif", "b.tif"):
        with pytest.raises(ImageUnreadable, match="never finished"):
            read_image(tmp_path / name)


def test_a_compression_that_no_instrument_uses_is_named(tmp_path: Path, grey: Grey) -> None:
    tifffile.imwrite(tmp_path / "a.tif", grey, compression="png")
    with pytest.raises(ImageNotSupported, match="compressed as PNG"):
        read_image(tmp_path / "a.tif")


@pytest.mark.parametrize("values", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("everywhere", [True, False])
def test_values_that_are_no_numbers_are_refused(tmp_path: Path, values: float, everywhere: bool) -> None:
    pixels = np.ones((9, 9), np.float32)
    pixels[(slice(None) if everywhere else 4)] = values
    tifffile.imwrite(tmp_path / "a.tif", pixels)
    with pytest.raises(ImageNotSupported, match="not finite") as caught:
        read_image(tmp_path / "a.tif")
    assert caught.value.code == "image_not_supported"


def test_float64_beyond_float32_is_refused_and_complex_too(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "big.tif", np.full((9, 9), 1e300))
    tifffile.imwrite(tmp_path / "complex.tif", np.ones((9, 9), np.complex64))
    with pytest.raises(ImageNotSupported, match="not finite"):
        read_image(tmp_path / "big.tif")
    with pytest.raises(ImageNotSupported, match="complex64"):
        read_image(tmp_path / "complex.tif")


def test_an_image_without_pixels_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(raw_tiff(page_tags(0, 10, 2), bytes(2)))
    with pytest.raises(InputProblem):
        read_image(tmp_path / "a.tif")


def test_a_folder_with_an_images_name_is_unreachable(tmp_path: Path) -> None:
    (tmp_path / "a.tif").mkdir()
    with pytest.raises(ImageUnreachable):
        read_image(tmp_path / "a.tif")


def test_pages_that_lead_back_into_themselves_are_refused(tmp_path: Path) -> None:
    count = 200  # tifffile itself looks for loops at its hundredth page only
    directories = [struct.pack("<HI", 0, 8 + 6 * ((number + 1) % count)) for number in range(count)]
    (tmp_path / "a.tif").write_bytes(b"II*\0" + struct.pack("<I", 8) + b"".join(directories))
    with pytest.raises(ImageUnreadable, match="back into itself"):
        read_image(tmp_path / "a.tif")


@pytest.mark.parametrize("value", [-3.4e38, 3e37])
def test_values_that_no_mean_can_be_taken_of_are_refused(tmp_path: Path, value: float) -> None:
    pixels = np.ones((8, 8), np.float32)
    pixels[3, 3] = value
    tifffile.imwrite(tmp_path / "a.tif", pixels)
    with pytest.raises(ImageNotSupported, match="beyond"):
        read_image(tmp_path / "a.tif")
