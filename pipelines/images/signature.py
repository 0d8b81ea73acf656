"""Tells what a file is by its first bytes, whatever its name says."""

from enum import Enum, auto
from pathlib import Path
from typing import Final

from pipelines.images.errors import ImageNotSupported, ImageUnreachable, ImageUnreadable

PNG: Final = b"\x89PNG\r\n\x1a\n"
JPEG: Final = b"\xff\xd8\xff"
BMP: Final = b"BM"
CZI: Final = b"ZISRAWFILE"
LIF: Final = b"\x70\x00\x00\x00"
ND2: Final = b"\xda\xce\xbe\x0a"
ND2_OF_JPEG_2000: Final = b"\x00\x00\x00\x0cjP  \r\n\x87\n"
_HEAD_BYTES = 512


class Kind(Enum):
    """Which module reads a file."""

    TIFF = auto()
    RASTER = auto()
    MICROSCOPE = auto()


_READ: Final = {
    b"II*\x00": Kind.TIFF,
    b"MM\x00*": Kind.TIFF,
    b"II+\x00": Kind.TIFF,
    b"MM\x00+": Kind.TIFF,
    PNG: Kind.RASTER,
    JPEG: Kind.RASTER,
    CZI: Kind.MICROSCOPE,
    ND2: Kind.MICROSCOPE,
    ND2_OF_JPEG_2000: Kind.MICROSCOPE,
}
_NOT_READ: Final = {
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an OLE container (Olympus OIB, Zeiss ZVI)",
    b"\x89HDF\r\n\x1a\n": "an HDF5 file (Imaris IMS, BigDataViewer)",
    b"PK\x03\x04": "a ZIP archive",
    b"\x1f\x8b": "a gzip archive",
    b"GIF8": "a GIF picture",
    b"RIFF": "a RIFF file (WebP, AVI)",
    b"II\xbc\x01": "a JPEG XR picture",
    b"\xff\x4f\xff\x51": "a bare JPEG 2000 stream",
    b"%PDF": "a PDF document",
    b"Olympus": "an Olympus VSI set",
}
_TEXT = (b"<!doctype", b"<html", b"<?xml", b"<")


def kind_of(path: Path) -> Kind:
    """Tell which module reads a file.

    Raises:
        ImageUnreachable: The file can't be opened.
        ImageUnreadable: It is empty, text, or nothing that is known.
        ImageNotSupported: It is of a known format that isn't taken.
    """
    head = first_bytes(path)
    for signature, kind in _READ.items():
        if head.startswith(signature):
            return kind
    if _is_lif(head):
        return Kind.MICROSCOPE
    if head.startswith(BMP) and head[6:10] == bytes(4):
        return Kind.RASTER
    raise _refusal(head, path.name)


def first_bytes(path: Path) -> bytes:
    """Give what a file begins with, at least one byte.

    Raises:
        ImageUnreachable: The file can't be opened.
        ImageUnreadable: It is empty.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise ImageUnreachable(f"{path.name} can't be opened: {error.strerror or error}.") from error
    if not head:
        raise ImageUnreadable(f"{path.name} is empty (0 bytes).")
    return head


def _is_lif(head: bytes) -> bool:
    """Whether this is Leica's: a block of type 0x70, whose content begins with 0x2A."""
    return head.startswith(LIF) and head[8:9] == b"\x2a"


def _refusal(head: bytes, name: str) -> ImageNotSupported | ImageUnreadable:
    for signature, what in _NOT_READ.items():
        if head.startswith(signature):
            return ImageNotSupported(f"{name} is {what}, which this pipeline doesn't read.")
    if head[128:132] == b"DICM":
        return ImageNotSupported(f"{name} is a DICOM file, which this pipeline doesn't read.")
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_TEXT):
        return ImageUnreadable(f"{name} is no image but a web page or XML text.")
    if not any(head):
        return ImageUnreadable(f"{name} is no image: it begins with zeros, as a file does that was never written out.")
    return ImageUnreadable(f"{name} is no TIFF, PNG, JPEG or BMP image: it begins with {head[:8]!r}.")
