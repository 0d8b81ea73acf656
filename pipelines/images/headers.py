"""What pictures claim of themselves in their headers: width, height and values per pixel.

All raise `struct.error` when the header ends too early or is none.
"""

import struct

_JPEG_MARKERS_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xDA)}
_JPEG_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
Size = tuple[int, int, int]


def png_size(data: bytes) -> Size:
    """Read the IHDR chunk (PNG specification, 11.2.2)."""
    width, height, _depth, colour = struct.unpack_from(">IIBB", data, 16)
    return width, height, {0: 1, 4: 2, 6: 4}.get(colour, 3)


def png_is_whole(data: bytes) -> bool:
    """Whether every chunk of a PNG picture, up to its IEND, lies within the data (PNG specification, 5.3)."""
    offset = 8
    while offset + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, offset)
        if kind == b"IEND":
            return True
        offset += 12 + length
    return False


def jpeg_size(data: bytes) -> Size:
    """Read the first frame header (ITU-T T.81, B.2.2)."""
    height, width, components = struct.unpack_from(">HHB", data, _jpeg_frame(data) + 5)
    return width, height, components


def jpeg_bits(data: bytes) -> int:
    """Read how many bits a JPEG picture's values have: 8, or 12 of scientific cameras."""
    return int(struct.unpack_from(">B", data, _jpeg_frame(data) + 4)[0])


def jpeg_is_whole(data: bytes) -> bool:
    """Whether a JPEG picture's end marker comes behind its frame header: pixels hold none (ITU-T T.81, B.1.1.5)."""
    return data.find(b"\xff\xd9", _jpeg_frame(data)) >= 0


def _jpeg_frame(data: bytes) -> int:
    offset = 2
    while True:
        prefix, marker = struct.unpack_from(">BB", data, offset)
        if prefix != 0xFF or marker in _JPEG_MARKERS_WITHOUT_LENGTH or marker == 0xFF:
            offset += 1
        elif marker in _JPEG_FRAMES:
            return offset
        else:
            offset += 2 + int(struct.unpack_from(">H", data, offset + 2)[0])


def jpeg_2000_size(data: bytes) -> Size:
    """Read the SIZ marker (ITU-T T.800, A.5.1) of a stream, bare or in its box."""
    start = data.find(b"\xff\x4f\xff\x51", max(0, data.find(b"jp2c")))
    if start < 0:
        raise struct.error("no SIZ marker")
    right, bottom, left, top = struct.unpack_from(">4I", data, start + 8)
    return right - left, bottom - top, struct.unpack_from(">H", data, start + 40)[0]


def lerc_size(data: bytes) -> Size:
    """Read a LERC2 header (Esri, "LERC - Limited Error Raster Compression", version 3 on has a checksum)."""
    magic, version = struct.unpack_from("<6si", data, 0)
    if magic != b"Lerc2 ":
        raise struct.error("no LERC2 header")
    height, width, depth = struct.unpack_from("<3i", data, 14 if version >= 3 else 10)
    return width, height, depth if version >= 4 else 1


def bmp_size(data: bytes) -> Size:
    """Read the info header, old (12 bytes) or new; a negative height means rows from the top."""
    if struct.unpack_from("<I", data, 14)[0] == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
    else:
        width, height, _, bits = struct.unpack_from("<iiHH", data, 18)
    return abs(width), abs(height), 1 if bits == 8 else 3
