"""Writes image files of every kind that the reader takes, from one grey field of 12 bit in uint16."""

import struct
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray

Field = NDArray[np.uint16]
Write = Callable[[Path, Field], object]
_TYPES = {1: "B", 2: "s", 3: "H", 4: "I", 5: "II", 12: "d"}


def raw_tiff(
    tags: Mapping[int, tuple[int, Sequence[Any]]], data: bytes = b"", order: str = "<", following: int = 0
) -> bytes:
    """A TIFF of one page made by hand: tag → (type, values); `data` begins at byte 8, before the directory."""
    start, entries, behind = 8 + len(data), b"", b""
    place = start + 2 + 12 * len(tags) + 4
    for code, (kind, values) in sorted(tags.items()):
        packed = b"".join(struct.pack(order + _TYPES[kind], *(v if kind == 5 else (v,))) for v in values)
        if len(packed) > 4:
            value, behind = struct.pack(order + "I", place + len(behind)), behind + packed
        else:
            value = packed.ljust(4, b"\0")
        entries += struct.pack(order + "HHI", code, kind, len(values)) + value
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, start)
    return head + data + struct.pack(order + "H", len(tags)) + entries + struct.pack(order + "I", following) + behind


def page_tags(height: int, width: int, nbytes: int, **others: tuple[int, Sequence[Any]]) -> dict[int, Any]:
    """The tags of a grey page of 16 bit in one strip at byte 8; others by name `t<code>`."""
    given = {int(name[1:]): value for name, value in others.items()}
    return {
        256: (4, [width]),
        257: (4, [height]),
        258: (3, [16]),
        259: (3, [1]),
        262: (3, [1]),
        273: (4, [8]),
        277: (3, [1]),
        278: (4, [height]),
        279: (4, [nbytes]),
        **given,
    }


def stk(planes: Field, z_step_um: float = 2.0, pixel_um: float = 0.645) -> bytes:
    """A MetaMorph stack (N, H, W): its planes lie one after the other behind one page, UIC tags say the rest."""
    count, height, width = planes.shape
    plane = [v for _ in range(count) for v in (round(z_step_um * 1000), 1000, 2_459_000, 0, 2_459_000, 0)]
    ratio = (round(pixel_um * 1000), 1000)
    # UIC1: 4 is XCalibration and 5 YCalibration (at offsets), 1 and 2 the scales; UIC2 and UIC3 count the planes.
    data = planes.astype("<u2").tobytes()
    calibration = len(data) + 8
    uic1 = [0, 1, 4, calibration, 5, calibration, 6, calibration + 8, 3, 1]
    tags = page_tags(
        height,
        width,
        height * width * 2,
        t33628=(4, uic1),
        t33629=(5, [tuple(plane[i : i + 2]) for i in range(0, len(plane), 2)]),
    )
    extra = struct.pack("<II", *ratio) + struct.pack("<I", 3) + b"um\0"
    content = raw_tiff(tags, data + extra)
    # The count of these two tags is that of pairs and planes, not of their values.
    return _with_count(_with_count(content, 33628, len(uic1) // 2), 33629, count)


def _with_count(content: bytes, code: int, count: int) -> bytes:
    changed = bytearray(content)
    directory = struct.unpack_from("<I", content, 4)[0]
    for number in range(struct.unpack_from("<H", content, directory)[0]):
        entry = directory + 2 + 12 * number
        if struct.unpack_from("<H", content, entry)[0] == code:
            struct.pack_into("<I", changed, entry + 4, count)
    return bytes(changed)


def _tiff(**options: Any) -> Write:
    return lambda path, field: tifffile.imwrite(path, field, **options)


def _as(convert: Callable[[Field], NDArray[Any]], **options: Any) -> Write:
    return lambda path, field: tifffile.imwrite(path, convert(field), **options)


def _picture(ending: str, convert: Callable[[Field], NDArray[Any]]) -> Write:
    return lambda path, field: path.write_bytes(cv2.imencode(ending, convert(field))[1].tobytes())


def eight_bit(field: Field) -> NDArray[np.uint8]:
    return (field >> 4).astype(np.uint8)


def _colours(samples: int, bits: int) -> Callable[[Field], NDArray[Any]]:
    def convert(field: Field) -> NDArray[Any]:
        grey = field if bits == 16 else eight_bit(field)
        full = np.full_like(grey, np.iinfo(grey.dtype).max)
        return np.stack([grey, grey, grey, full][:samples], axis=-1)

    return convert


def _ramp() -> NDArray[np.uint16]:
    return np.stack([np.zeros(256), np.arange(256) * 257, np.zeros(256)]).astype(np.uint16)


def bars(compression: int, height: int, width: int) -> bytes:
    """A bilevel TIFF of bars, 8 pixels white and 8 black, encoded by hand: 2 is CCITT RLE, 3 and 4 are Groups 3 and 4.

    Codes: ITU-T T.4, table 2 (white 8: 10011, black 8: 000101) and T.6, table 1 (horizontal: 001, vertical 0: 1).
    """
    white, black, pairs = "10011", "000101", width // 16
    if compression == 4:
        bits = ("001" + white + black) * pairs + "1" * (2 * pairs) * (height - 1) + "000000000001" * 2
    elif compression == 3:
        bits = ("000000000001" + (white + black) * pairs) * height
    else:
        row = (white + black) * pairs
        bits = row.ljust(-(-len(row) // 8) * 8, "0") * height
    bits = bits.ljust(-(-len(bits) // 8) * 8, "0")
    data = int(bits, 2).to_bytes(len(bits) // 8, "big")
    tags = page_tags(height, width, len(data), t258=(3, [1]), t259=(3, [compression]), t262=(3, [0]))
    return raw_tiff(tags, data)


def _stack(field: Field) -> Field:
    return np.stack([np.stack([field // 8, field // 8]), np.stack([field, field // 8])])  # Z C Y X


KINDS: dict[str, Write] = {
    "plain.tif": _tiff(),
    "strips.tif": _tiff(rowsperstrip=7),
    "lzw.tif": _tiff(compression="lzw"),
    "lzw predictor.tif": _tiff(compression="lzw", predictor=True),
    "deflate.tif": _tiff(compression="zlib", predictor=True),
    "zstd.tif": _tiff(compression="zstd"),
    "lzma.tif": _tiff(compression="lzma"),
    "packbits.tif": _tiff(compression="packbits"),
    "lerc.tif": _tiff(compression="lerc"),
    "jpeg 2000.tif": _tiff(compression="jpeg2000"),
    "jpeg.tif": _as(eight_bit, compression="jpeg", compressionargs={"level": 95}, tile=(64, 64)),
    "big.tif": _tiff(bigtiff=True),
    "big-endian.tif": _tiff(byteorder=">"),
    "tiled.tif": _tiff(tile=(32, 48), compression="zlib"),
    "float predictor.tif": _as(lambda f: f.astype(np.float32), compression="zlib", predictor=True),
    "float16.tif": _as(lambda f: f.astype(np.float16)),
    "float32 negative.tif": _as(lambda f: f.astype(np.float32) * 1e6 - 1e9),
    "float64.tif": _as(lambda f: f.astype(np.float64)),
    "int8.tif": _as(lambda f: (eight_bit(f).astype(np.int16) - 128).astype(np.int8)),
    "int16.tif": _as(lambda f: f.astype(np.int16) - 2048),
    "int32.tif": _as(lambda f: f.astype(np.int32)),
    "uint32.tif": _as(lambda f: f.astype(np.uint32)),
    "bool.tif": _as(lambda f: f > 1000, photometric="minisblack"),
    "white is zero.tif": _as(lambda f: 65535 - f, photometric="miniswhite"),
    "palette.tif": _as(eight_bit, photometric="palette", colormap=_ramp()),
    "rgb.tif": _as(_colours(3, 8), photometric="rgb"),
    "rgb 16 bit.tif": _as(_colours(3, 16), photometric="rgb", compression="lzw"),
    "rgba.tif": _as(_colours(4, 8), photometric="rgb", extrasamples=["unassalpha"]),
    "planar.tif": _as(
        lambda f: np.moveaxis(_colours(3, 16)(f), -1, 0), photometric="rgb", planarconfig="separate", compression="zlib"
    ),
    "ome.tif": _as(_stack, ome=True, metadata={"axes": "ZCYX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5}),
    "imagej.tif": _as(_stack, imagej=True, resolution=(2, 2), metadata={"axes": "ZCYX", "unit": "um"}),
    "pages.tif": _as(lambda f: np.stack([f, f // 8]), photometric="minisblack", metadata=None),
    "metamorph.stk": lambda path, field: path.write_bytes(stk(np.stack([field, field // 8]))),
    "8 bit.png": _picture(".png", eight_bit),
    "16 bit.png": _picture(".png", lambda f: f),
    "rgb.png": _picture(".png", _colours(3, 8)),
    "rgba.png": _picture(".png", _colours(4, 8)),
    "rgb 16 bit.png": _picture(".png", _colours(3, 16)),
    "jpeg.jpg": _picture(".jpg", eight_bit),
    "bitmap.bmp": _picture(".bmp", eight_bit),
    "rgb.bmp": _picture(".bmp", _colours(3, 8)),
}
"""How to write a file of each kind; the name is the file's, and says the kind."""

EXACT = {kind for kind in KINDS if "jp" not in kind}
"""Kinds that keep every value."""
