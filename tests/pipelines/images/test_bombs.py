"""Small files that claim to be huge: refused before memory or time is spent, and damage of any kind likewise."""

import json
import os
import re
import struct
import subprocess
import sys
import tracemalloc
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import cv2
import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from labrelay.errors import InputProblem
from pipelines.images.errors import ImageTooLarge, ImageUnreadable
from pipelines.images.reader import read_image
from pipelines.images.stack import Selection
from tests.pipelines.images.made import KINDS, page_tags, raw_tiff, stk

MANY = 1_000_000_000
Grey = NDArray[np.uint16]


@contextmanager
def little_memory(limit_mb: int = 60) -> Iterator[None]:
    """Python and NumPy may allocate no more than this within the block."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < limit_mb * 1_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("side", [120_000, 1_000_000])
def test_a_header_that_claims_too_much_is_refused_before_memory_is_taken(tmp_path: Path, side: int) -> None:
    (tmp_path / "a.tif").write_bytes(raw_tiff(page_tags(side, side, 64), bytes(100)))
    png = bytearray(cv2.imencode(".png", np.zeros((4, 4), np.uint8))[1].tobytes())
    png[16:24] = struct.pack(">II", side, side)
    (tmp_path / "a.png").write_bytes(png)
    jpeg = cv2.imencode(".jpg", np.zeros((8, 8), np.uint8))[1].tobytes()
    frame = jpeg.index(b"\xff\xc0")
    (tmp_path / "a.jpg").write_bytes(jpeg[: frame + 5] + struct.pack(">HH", 60_000, 60_000) + jpeg[frame + 9 :])
    bmp = bytearray(cv2.imencode(".bmp", np.zeros((8, 8), np.uint8))[1].tobytes())
    bmp[18:26] = struct.pack("<ii", side, -side)
    (tmp_path / "a.bmp").write_bytes(bmp)
    with little_memory():
        for name in ("a.tif", "a.png", "a.jpg", "a.bmp"):
            with pytest.raises(ImageTooLarge, match="claims"):
                read_image(tmp_path / name)


def test_the_limit_counts_values_and_not_only_pixels(tmp_path: Path, grey: Grey) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.stack([grey] * 3, axis=-1), photometric="rgb")
    with pytest.raises(ImageTooLarge, match=r"3 value\(s\) each"):
        read_image(tmp_path / "a.tif", max_pixels=grey.size * 3 - 1)


def _jpeg() -> bytes:
    jpeg = cv2.imencode(".jpg", np.zeros((16, 16), np.uint8))[1].tobytes()
    frame = jpeg.index(b"\xff\xc0")
    return jpeg[: frame + 5] + struct.pack(">HH", 60_000, 60_000) + jpeg[frame + 9 :]


def _jpeg_2000() -> bytes:
    data = bytearray(imagecodecs.jpeg2k_encode(np.zeros((16, 16), np.uint16), codecformat="j2k"))
    data[8:16] = struct.pack(">II", 60_000, 60_000)
    return bytes(data)


def _lerc() -> bytes:
    data = bytearray(imagecodecs.lerc_encode(np.zeros((16, 16), np.uint16)))
    data[14:22] = struct.pack("<ii", 60_000, 60_000)
    return bytes(data)


@pytest.mark.parametrize(("code", "data"), [(7, _jpeg()), (34712, _jpeg_2000()), (34887, _lerc())])
def test_a_strip_that_claims_a_larger_picture_than_its_own_is_refused(tmp_path: Path, code: int, data: bytes) -> None:
    (tmp_path / "a.tif").write_bytes(raw_tiff(page_tags(16, 16, len(data), t259=(3, [code])), data))
    with little_memory(), pytest.raises(ImageUnreadable, match="claims 60000 × 60000"):
        read_image(tmp_path / "a.tif")


@pytest.mark.parametrize("compression", ["zlib", "lzw", "zstd", "lzma", "packbits"])
def test_a_strip_that_unpacks_to_more_than_its_own_is_bounded(tmp_path: Path, compression: str) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((4000, 4000), np.uint16), compression=compression, rowsperstrip=4000)
    content = bytearray((tmp_path / "a.tif").read_bytes())
    for code, value in ((256, 16), (257, 16), (278, 16)):
        place = content.index(struct.pack("<H", code), 8)
        struct.pack_into("<I" if content[place + 2] == 4 else "<H", content, place + 8, value)
    (tmp_path / "a.tif").write_bytes(content)
    with little_memory(), suppress(ImageUnreadable):  # some decoders refuse what doesn't fit
        assert read_image(tmp_path / "a.tif").pixels.shape == (16, 16)


READ = """
import resource, sys
from pathlib import Path
from labrelay.errors import InputProblem
from pipelines.images.reader import read_image
read_image(Path(sys.argv[1]))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for name in sys.argv[2:]:
    try:
        print(read_image(Path(name)).pixels.shape)
    except InputProblem as refused:
        print(type(refused).__name__)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
"""Reads one sound image, then the others; the last line is by how many MiB the whole process grew."""


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.skipif(os.name == "nt", reason="Windows counts memory otherwise")
def test_parts_of_a_png_that_unpack_to_very_much_cost_no_memory(tmp_path: Path) -> None:
    """Decoders take their memory where Python doesn't see it, so the process is weighed from outside."""
    packed = zlib.compress(bytes(200_000_000), 1)
    head = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 0, 0, 0, 0))
    pixels, end = _chunk(b"IDAT", zlib.compress(bytes(20))), _chunk(b"IEND", b"")
    profile, text = _chunk(b"iCCP", b"a\0\0" + packed), _chunk(b"zTXt", b"a\0\0" + packed)
    (tmp_path / "sound.png").write_bytes(head + pixels + end)
    bombs = {"profile": profile + pixels, "text": text + pixels, "pixels": _chunk(b"IDAT", packed)}
    for name, parts in bombs.items():
        (tmp_path / f"{name}.png").write_bytes(head + parts + end)
    files = [str(tmp_path / f"{name}.png") for name in ("sound", *bombs)]
    done = subprocess.run([sys.executable, "-c", READ, *files], capture_output=True, text=True, check=True, timeout=120)
    *answers, grown = done.stdout.splitlines()
    assert len(answers) == len(bombs)
    assert set(answers) <= {"(4, 4)", "ImageUnreadable", "ImageTooLarge"}
    assert int(grown) < 60, done.stdout


@pytest.mark.parametrize("axis", ["SizeZ", "SizeC", "SizeT"])
def test_ome_xml_that_claims_many_planes_takes_no_memory(tmp_path: Path, grey: Grey, axis: str) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.stack([grey] * 2), ome=True, metadata={"axes": "ZYX"})
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        text = tif.ome_metadata
    many = re.sub(rf'{axis}="\d+"', f'{axis}="{MANY}"', re.sub(r'PlaneCount="\d+"', f'PlaneCount="{MANY}"', text))
    tifffile.imwrite(tmp_path / "b.tif", np.stack([grey] * 2), description=many, metadata=None)
    with little_memory():
        np.testing.assert_array_equal(read_image(tmp_path / "b.tif").pixels, grey)


@pytest.mark.parametrize(
    "description",
    [
        f"ImageJ=1.53t\nimages={MANY}\nslices={MANY}\n",
        f"ImageJ=1.53t\nimages=2\nchannels=2\nslices={MANY}\nframes={MANY}\n",
        json.dumps({"shape": [MANY, 60, 80], "truncated": True}),
        json.dumps({"shape": [MANY, 60, 80]}),
    ],
)
def test_other_metadata_that_claims_many_planes_takes_no_memory(tmp_path: Path, grey: Grey, description: str) -> None:
    tifffile.imwrite(tmp_path / "a.tif", grey, description=description, metadata=None)
    with little_memory(), suppress(InputProblem):
        np.testing.assert_array_equal(read_image(tmp_path / "a.tif").pixels, grey)


def test_a_metamorph_stack_that_claims_many_planes_takes_no_memory(tmp_path: Path, grey: Grey) -> None:
    content = bytearray(stk(np.stack([grey] * 2)))
    entry = content.index(struct.pack("<HH", 33629, 5))
    struct.pack_into("<I", content, entry + 4, MANY)
    (tmp_path / "a.stk").write_bytes(content)
    with little_memory(), pytest.raises(InputProblem):
        read_image(tmp_path / "a.stk", Selection(z=1))


def test_a_million_pages_are_refused_in_bounded_time(tmp_path: Path) -> None:
    pages = 1_000_000
    chain = np.zeros(pages, [("tags", "<u2"), ("next", "<u4")])
    chain["next"][:-1] = 8 + 6 * np.arange(1, pages)
    (tmp_path / "a.tif").write_bytes(b"II*\0" + struct.pack("<I", 8) + chain.tobytes())
    with pytest.raises(InputProblem):
        read_image(tmp_path / "a.tif")


def test_20_000_by_20_000_pixels_of_16_bit_read(tmp_path: Path) -> None:
    side, rows = 20_000, 2_000
    strip = bytes(imagecodecs.zlib_encode(np.full((rows, side), 7, np.uint16).tobytes(), level=1))
    strips = side // rows
    tags = page_tags(
        side,
        side,
        len(strip),
        t259=(3, [8]),
        t273=(4, [8] * strips),
        t278=(4, [rows]),
        t279=(4, [len(strip)] * strips),
    )
    (tmp_path / "a.tif").write_bytes(raw_tiff(tags, strip))
    pixels = read_image(tmp_path / "a.tif").pixels
    assert pixels.shape == (side, side)
    assert pixels[-1, -1] == 7


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("samples")
    field = np.random.default_rng(0).integers(0, 4096, (24, 32)).astype(np.uint16)
    for kind, write in KINDS.items():
        write(folder / kind, field)
    return [path.read_bytes() for path in sorted(folder.iterdir())]


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(0, len(KINDS) - 1),
    st.lists(st.tuples(st.integers(-600, 600), st.integers(0, 255)), max_size=6),
    st.floats(0, 1),
)
def test_damage_of_any_kind_gives_an_image_or_a_plain_refusal(
    samples: list[bytes], tmp_path: Path, kind: int, changes: list[tuple[int, int]], share: float
) -> None:
    damaged = bytearray(samples[kind])
    for place, value in changes:
        damaged[place % len(damaged)] = value
    (tmp_path / "a").write_bytes(damaged if share > 0.4 else damaged[: int(len(damaged) * share * 2.5)])
    try:
        image = read_image(tmp_path / "a", max_pixels=10**6)
    except InputProblem:
        return  # refused in plain words; any other exception fails this test
    assert image.pixels.ndim == 2
    assert image.pixels.dtype in (np.uint8, np.uint16, np.float32)
