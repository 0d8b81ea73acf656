"""Each kind of file gives its grey plane, value for value where the format keeps values."""

from pathlib import Path
from typing import Any

import cv2
import imagecodecs
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from pipelines.images.reader import read_image
from pipelines.images.stack import Selection
from tests.pipelines.images.made import KINDS, bars, eight_bit

Grey = NDArray[np.uint16]


def _expected(kind: str, grey: Grey) -> NDArray[Any]:
    """What a file of a kind must give, as float; kinds that aren't here keep the field as it is."""
    changed = {
        "float32 negative.tif": grey.astype(np.float32) * np.float32(1e6) - np.float32(1e9),
        "float16.tif": grey.astype(np.float16),
        "int8.tif": eight_bit(grey).astype(int) - 128,
        "int16.tif": grey.astype(int) - 2048,
        "bool.tif": (grey > 1000) * 255,
    }
    eight = ("8 bit", "rgb.", "rgba.", "palette", "jpeg.", "bitmap")
    return np.asarray(changed.get(kind, eight_bit(grey) if kind.startswith(eight) else grey))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_reads_as_it_was_written(tmp_path: Path, grey: Grey, kind: str) -> None:
    smooth = cv2.GaussianBlur(grey, (0, 0), 3) if kind.startswith("jpeg.") else grey
    KINDS[kind](tmp_path / kind, smooth)
    image = read_image(tmp_path / kind)
    if kind.startswith("jpeg."):
        np.testing.assert_allclose(image.pixels.astype(int), eight_bit(smooth), atol=4)
    else:
        np.testing.assert_array_equal(image.pixels.astype(float), _expected(kind, grey).astype(float))
    assert image.pixels.dtype in (np.uint8, np.uint16, np.float32)
    assert image.pixels.dtype.isnative
    assert image.source == kind


@pytest.mark.parametrize("compression", [2, 3, 4])
def test_bilevel_fax_compressions_read(tmp_path: Path, compression: int) -> None:
    (tmp_path / "a.tif").write_bytes(bars(compression, 20, 64))
    expected = np.tile(np.repeat([255, 0], 8), (20, 4))
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif").pixels, expected)


@pytest.mark.parametrize("compression", [None, "lzw", "zlib", "zstd", "packbits", "jpeg2000"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_grey_tiff_keeps_its_type(tmp_path: Path, grey: Grey, compression: str | None, dtype: Any) -> None:
    pixels = grey.astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", pixels, compression=compression)
    image = read_image(tmp_path / "a.tif")
    np.testing.assert_array_equal(image.pixels, pixels)
    assert image.pixels.dtype == dtype
    assert (image.pixel_size_um, image.source) == (None, "a.tif")


def test_the_content_decides_and_not_the_ending(tmp_path: Path, grey: Grey) -> None:
    path = tmp_path / "Ähre 細胞 #1..tif"
    KINDS["16 bit.png"](path, grey)
    image = read_image(path)
    np.testing.assert_array_equal(image.pixels, grey)
    assert image.source == path.name


def test_jpeg_of_12_bit_keeps_them(tmp_path: Path, grey: Grey) -> None:
    smooth = cv2.GaussianBlur(grey, (0, 0), 3)
    (tmp_path / "a.jpg").write_bytes(imagecodecs.jpeg_encode(smooth, bitspersample=12, level=95))
    read = read_image(tmp_path / "a.jpg").pixels
    assert read.dtype == np.uint16
    np.testing.assert_allclose(read.astype(int), smooth, atol=40)


def test_jpeg_of_a_camera_is_not_turned_by_its_orientation_tag(tmp_path: Path) -> None:
    pixels = np.tile(np.arange(96, dtype=np.uint8), (64, 1))
    (tmp_path / "a.jpg").write_bytes(cv2.imencode(".jpg", pixels)[1].tobytes())
    assert read_image(tmp_path / "a.jpg").pixels.shape == (64, 96)


def _png(path: Path, pixels: NDArray[Any]) -> Path:
    path.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    return path


def test_colour_becomes_grey_by_what_it_carries(tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (20, 30)).astype(np.uint8)
    empty = np.zeros_like(picture)
    equal = np.stack([picture] * 3, axis=-1)
    blue_only = np.stack([picture, empty, empty], axis=-1)  # OpenCV's order
    mixed = np.stack([picture, 255 - picture, picture // 2], axis=-1)
    np.testing.assert_array_equal(read_image(_png(tmp_path / "equal.png", equal)).pixels, picture)
    np.testing.assert_array_equal(read_image(_png(tmp_path / "blue.png", blue_only)).pixels, picture)
    luma = 0.299 * (picture // 2) + 0.587 * (255.0 - picture) + 0.114 * picture
    np.testing.assert_allclose(read_image(_png(tmp_path / "mixed.png", mixed)).pixels, luma, atol=0.51)
    green = read_image(tmp_path / "mixed.png", Selection(channel=1))
    np.testing.assert_array_equal(green.pixels, 255 - picture)
    assert green.plane.channel == 1


def test_colour_tiff_has_red_as_its_first_channel_in_both_layouts(tmp_path: Path) -> None:
    rgb = np.random.default_rng(0).integers(0, 255, (20, 30, 3)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "together.tif", rgb, photometric="rgb")
    tifffile.imwrite(tmp_path / "apart.tif", np.moveaxis(rgb, -1, 0), photometric="rgb", planarconfig="separate")
    for name in ("together.tif", "apart.tif"):
        np.testing.assert_array_equal(read_image(tmp_path / name, Selection(channel=0)).pixels, rgb[..., 0])
        assert read_image(tmp_path / name).pixels.shape == (20, 30)


def test_grey_values_side_by_side_are_channels_and_are_not_mixed(tmp_path: Path, grey: Grey) -> None:
    channels = np.stack([grey, grey // 2, grey // 4], axis=-1)
    tifffile.imwrite(tmp_path / "a.tif", channels, photometric="minisblack", planarconfig="contig")
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif").pixels, grey)
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif", Selection(channel=2)).pixels, grey // 4)


def test_a_palette_that_is_no_ramp_gives_its_colours(tmp_path: Path) -> None:
    indices = np.array([[0, 1], [1, 2]], np.uint8)
    colours = np.zeros((3, 256), np.uint16)
    colours[:, 0], colours[:, 1], colours[:, 2] = 60_000, 10_000, 30_000
    tifffile.imwrite(tmp_path / "a.tif", indices, photometric="palette", colormap=colours)
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif").pixels, [[60_000, 10_000], [10_000, 30_000]])


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        (np.array([[True, False]]), np.array([[255, 0]], np.uint8)),
        (np.array([[-5, 5]], np.int16), np.array([[-5, 5]], np.float32)),
        (np.array([[0.5, 2.5]]), np.array([[0.5, 2.5]], np.float32)),
        (np.array([[7, 2**20]], np.uint32), np.array([[7, 2**20]], np.float32)),
        (np.array([[7]], np.uint16), np.array([[7]], np.uint16)),
    ],
)
def test_other_number_types_become_supported_ones(tmp_path: Path, pixels: Any, expected: Any) -> None:
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="minisblack")
    read = read_image(tmp_path / "a.tif").pixels
    np.testing.assert_array_equal(read, expected)
    assert read.dtype == expected.dtype


def test_the_limit_can_be_set(tmp_path: Path, grey: Grey) -> None:
    tifffile.imwrite(tmp_path / "a.tif", grey)
    assert read_image(tmp_path / "a.tif", max_pixels=grey.size).pixels.shape == grey.shape
