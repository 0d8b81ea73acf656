import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from labrelay.errors import InputProblem
from pipelines.segmentation.errors import ImageNotSupported, ImageTooLarge, ImageUnreachable, ImageUnreadable
from pipelines.segmentation.images import read_image

FORMATS = Path(__file__).parents[4] / "shared" / "data" / "formats"


@pytest.fixture
def grey() -> NDArray[np.uint16]:
    return np.random.default_rng(0).integers(100, 4096, (60, 80)).astype(np.uint16)


def _png(path: Path, pixels: NDArray[Any]) -> Path:
    path.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    return path


@pytest.mark.parametrize("compression", [None, "lzw", "zlib", "zstd", "packbits", "jpeg2000"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_grey_tiff_reads_equal(tmp_path: Path, grey: NDArray[np.uint16], compression: str | None, dtype: Any) -> None:
    pixels = grey.astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", pixels, compression=compression)
    image = read_image(tmp_path / "a.tif")
    np.testing.assert_array_equal(image.pixels, pixels)
    assert image.pixels.dtype == dtype
    assert (image.pixel_size_um, image.source) == (None, "a.tif")


@pytest.mark.parametrize("options", [{"bigtiff": True}, {"byteorder": ">"}, {"tile": (16, 16)}])
def test_big_swapped_and_tiled_tiff_read_equal(
    tmp_path: Path, grey: NDArray[np.uint16], options: dict[str, Any]
) -> None:
    tifffile.imwrite(tmp_path / "a.tif", grey, **options)
    pixels = read_image(tmp_path / "a.tif").pixels
    np.testing.assert_array_equal(pixels, grey)
    assert pixels.dtype == np.dtype(np.uint16)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_grey_png_reads_equal_also_under_a_foreign_name(tmp_path: Path, grey: NDArray[np.uint16], dtype: Any) -> None:
    pixels = grey.astype(dtype)
    image = read_image(_png(tmp_path / "Ähre 細胞.tif", pixels))  # the content decides, not the ending
    np.testing.assert_array_equal(image.pixels, pixels)
    assert image.source == "Ähre 細胞.tif"


def test_jpeg_reads_as_8_bit_grey(tmp_path: Path) -> None:
    pixels = np.tile(np.arange(96, dtype=np.uint8), (64, 1))
    (tmp_path / "a.jpg").write_bytes(cv2.imencode(".jpg", pixels)[1].tobytes())
    read = read_image(tmp_path / "a.jpg").pixels
    assert read.shape == (64, 96)
    assert read.dtype == np.uint8
    np.testing.assert_allclose(read.astype(int), pixels, atol=4)


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
    np.testing.assert_array_equal(read_image(tmp_path / "mixed.png", channel=1).pixels, 255 - picture)


def test_colour_tiff_has_red_as_its_first_channel_in_both_layouts(tmp_path: Path) -> None:
    rgb = np.random.default_rng(0).integers(0, 255, (20, 30, 3)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "together.tif", rgb, photometric="rgb")
    tifffile.imwrite(tmp_path / "apart.tif", np.moveaxis(rgb, -1, 0), photometric="rgb", planarconfig="separate")
    for name in ("together.tif", "apart.tif"):
        np.testing.assert_array_equal(read_image(tmp_path / name, channel=0).pixels, rgb[..., 0])
        assert read_image(tmp_path / name).pixels.shape == (20, 30)


@pytest.mark.parametrize("kind", ["ome", "imagej", "pages"])
def test_a_stack_gives_its_first_plane_or_the_chosen_channel(tmp_path: Path, kind: str) -> None:
    stack = np.random.default_rng(0).integers(0, 4096, (3, 4, 20, 30)).astype(np.uint16)  # Z C Y X
    if kind == "pages":
        tifffile.imwrite(tmp_path / "a.tif", stack[0], photometric="minisblack", metadata=None)
    else:
        tifffile.imwrite(tmp_path / "a.tif", stack, **{kind: True}, metadata={"axes": "ZCYX"})
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif").pixels, stack[0, 0])
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif", channel=2).pixels, stack[0, 2])
    with pytest.raises(ImageNotSupported, match="4 channel"):
        read_image(tmp_path / "a.tif", channel=4)


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ({"ome": True, "metadata": {"PhysicalSizeX": 0.65, "PhysicalSizeY": 0.65}}, 0.65),
        ({"ome": True, "metadata": {**{f"PhysicalSize{axis}": 650 for axis in "XY"},
                                    **{f"PhysicalSize{axis}Unit": "nm" for axis in "XY"}}}, 0.65),
        ({"imagej": True, "resolution": (2, 2), "metadata": {"unit": "um"}}, 0.5),
        ({"imagej": True, "resolution": (2, 2), "metadata": {"unit": "inch"}}, None),
        ({"ome": True, "metadata": {"PhysicalSizeX": 0.0, "PhysicalSizeY": 0.0}}, None),
        ({"resolution": (72, 72), "resolutionunit": "inch"}, None),
    ],
)  # fmt: skip
def test_the_pixel_size_is_known_where_the_software_states_it(
    tmp_path: Path, grey: NDArray[np.uint16], options: dict[str, Any], size: float | None
) -> None:
    tifffile.imwrite(tmp_path / "a.tif", grey, **options)
    found = read_image(tmp_path / "a.tif").pixel_size_um
    assert found == (None if size is None else pytest.approx(size, rel=1e-4))


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        (np.array([[True, False]]), np.array([[255, 0]], np.uint8)),
        (np.array([[-5, 5]], np.int16), np.array([[-5, 5]], np.float32)),
        (np.array([[0.5, 2.5]]), np.array([[0.5, 2.5]], np.float32)),
        (np.array([[7, 2**20]], np.uint32), np.array([[7, 2**20]], np.float32)),
    ],
)
def test_other_number_types_become_supported_ones(tmp_path: Path, pixels: Any, expected: Any) -> None:
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="minisblack")
    read = read_image(tmp_path / "a.tif").pixels
    np.testing.assert_array_equal(read, expected)
    assert read.dtype == expected.dtype


def test_white_as_zero_is_turned_round(tmp_path: Path, grey: NDArray[np.uint16]) -> None:
    tifffile.imwrite(tmp_path / "a.tif", grey, photometric="miniswhite")
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif").pixels, 65535 - grey)


def test_a_missing_file_can_be_retried(tmp_path: Path) -> None:
    with pytest.raises(ImageUnreachable, match=r"gone\.tif can't be opened") as caught:
        read_image(tmp_path / "gone.tif")
    assert caught.value.retryable


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "empty"),
        (b"just some text, no image", "no TIFF, PNG or JPEG"),
        (b"II*\x00", "damaged"),
        (b"II*\x00\xff\xff\xff\x7f", "cut off"),
        (b"\x89PNG\r\n\x1a\n", "cut off"),
        (b"\xff\xd8\xff\xe0", "cut off"),
    ],
)
def test_bytes_that_are_no_image_are_refused(tmp_path: Path, content: bytes, cause: str) -> None:
    (tmp_path / "bad.tif").write_bytes(content)
    with pytest.raises(ImageUnreadable, match=cause) as caught:
        read_image(tmp_path / "bad.tif")
    assert not caught.value.retryable
    assert caught.value.next_step


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("kind", ["tif", "lzw", "imagej", "png", "jpg"])
def test_a_cut_off_file_is_refused(tmp_path: Path, grey: NDArray[np.uint16], kind: str, share: float) -> None:
    path = tmp_path / "cut"
    if kind in ("png", "jpg"):
        path.write_bytes(cv2.imencode(f".{kind}", grey.astype(np.uint8))[1].tobytes())
    elif kind == "imagej":
        tifffile.imwrite(path, np.stack([grey] * 5), imagej=True)
    else:
        tifffile.imwrite(path, grey, compression="lzw" if kind == "lzw" else None, rowsperstrip=8)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ImageUnreadable):
        read_image(path, channel=4 if kind == "imagej" else None)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_no_numbers_are_refused(tmp_path: Path, value: float) -> None:
    pixels = np.ones((9, 9), np.float32)
    pixels[4, 4] = value
    tifffile.imwrite(tmp_path / "a.tif", pixels)
    with pytest.raises(ImageNotSupported, match="not finite"):
        read_image(tmp_path / "a.tif")


def test_complex_values_are_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.ones((9, 9), np.complex64))
    with pytest.raises(ImageNotSupported, match="complex64"):
        read_image(tmp_path / "a.tif")


def _huge_tiff(side: int) -> bytes:
    entries = [(256, 4, 1, side), (257, 4, 1, side), (258, 3, 1, 16), (262, 3, 1, 1), (273, 4, 1, 8), (278, 4, 1, side),
               (279, 4, 1, 64)]  # fmt: skip
    directory = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\x00" + struct.pack("<IH", 8, len(entries)) + directory + bytes(100)


def test_a_header_that_claims_too_much_is_refused_before_memory_is_taken(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(_huge_tiff(1_000_000))
    png = bytearray(cv2.imencode(".png", np.zeros((4, 4), np.uint8))[1].tobytes())
    png[16:24] = struct.pack(">II", 1_000_000, 1_000_000)
    (tmp_path / "a.png").write_bytes(png)
    jpeg = cv2.imencode(".jpg", np.zeros((8, 8), np.uint8))[1].tobytes()
    frame = jpeg.index(b"\xff\xc0")
    (tmp_path / "a.jpg").write_bytes(jpeg[: frame + 5] + struct.pack(">HH", 60_000, 60_000) + jpeg[frame + 9 :])
    for name in ("a.tif", "a.png", "a.jpg"):
        with pytest.raises(ImageTooLarge, match="claims"):
            read_image(tmp_path / name)


def test_the_limit_can_be_set(tmp_path: Path, grey: NDArray[np.uint16]) -> None:
    tifffile.imwrite(tmp_path / "a.tif", grey)
    assert read_image(tmp_path / "a.tif", max_pixels=grey.size).pixels.shape == grey.shape
    with pytest.raises(ImageTooLarge):
        read_image(tmp_path / "a.tif", max_pixels=grey.size - 1)


@pytest.mark.skipif(not FORMATS.exists(), reason="the project's own collection of instrument files isn't here")
@pytest.mark.parametrize(
    ("pattern", "size"),
    [
        ("metamorph_tif_bbbc039/*.tif", 0.645),
        ("metamorph_nikon_tif/MetamorphImage.tif", 0.645),
        ("imagexpress_singlechannel/**/*_s1E94*.tif", 1.3668),
        ("imagexpress_exported_plate9987/**/*.TIF", 1.3672),
        ("intensity_edge_cases/xy_16bit_calibrated__nuclei_various_shapes.tif", 0.2),
        ("intensity_edge_cases/xy_8bit__mitocheck_incenp_t1.tif", 0.1),
        ("operetta_harmony/Images/*.tiff", None),
    ],
)
def test_real_instrument_files_give_their_calibration(pattern: str, size: float | None) -> None:
    path = next(FORMATS.glob(pattern))
    assert read_image(path).pixel_size_um == (None if size is None else pytest.approx(size, rel=1e-3))


@pytest.mark.skipif(not FORMATS.exists(), reason="the project's own collection of instrument files isn't here")
def test_every_real_instrument_image_reads() -> None:
    files = [path for path in FORMATS.rglob("*") if path.suffix.lower() in (".tif", ".tiff", ".png")]
    assert len(files) > 50
    for path in files:
        assert read_image(path).pixels.ndim == 2, path


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("samples")
    pixels = np.random.default_rng(0).integers(0, 4096, (2, 24, 24)).astype(np.uint16)
    tifffile.imwrite(folder / "plain", pixels[0], rowsperstrip=5)
    tifffile.imwrite(folder / "ome", pixels, ome=True, compression="lzw", metadata={"PhysicalSizeX": 0.5})
    tifffile.imwrite(folder / "imagej", pixels, imagej=True, metadata={"unit": "um"}, resolution=(2, 2))
    (folder / "png").write_bytes(cv2.imencode(".png", pixels[0])[1].tobytes())
    (folder / "jpg").write_bytes(cv2.imencode(".jpg", (pixels[0] // 16).astype(np.uint8))[1].tobytes())
    return [path.read_bytes() for path in sorted(folder.iterdir())]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 4), st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=6), st.floats(0, 1))
def test_damage_of_any_kind_gives_an_image_or_a_plain_refusal(
    samples: list[bytes], tmp_path: Path, kind: int, changes: list[tuple[int, int]], share: float
) -> None:
    damaged = bytearray(samples[kind])
    for place, value in changes:
        damaged[place % len(damaged)] = value
    (tmp_path / "a").write_bytes(damaged if share > 0.7 else damaged[: int(len(damaged) * share)])
    try:
        image = read_image(tmp_path / "a", max_pixels=10**6)
    except InputProblem:
        return  # refused in plain words; any other exception fails this test
    assert image.pixels.ndim == 2
    assert image.pixels.dtype in (np.uint8, np.uint16, np.float32)
