"""Checks a TIFF file's chain of pages and its claims before tifffile builds anything of them.

tifffile trusts the numbers in a file: it follows a chain of pages that bites its own tail, makes lists as long as the
metadata claims, and ends silently where a chain leads out of the file.
"""

import math
import os
import struct
from collections.abc import Callable
from typing import Any, Final

import tifffile

from pipelines.images.errors import ImageNotSupported, ImageTooLarge, ImageUnreadable
from pipelines.images.headers import jpeg_2000_size, jpeg_size, lerc_size
from pipelines.images.stack import refuse_too_large

MAX_PAGES: Final = 100_000
# By code: none, CCITT RLE, Group 3 and 4, LZW, Deflate, PackBits, LZMA, Zstandard: decoders stop at a strip's size.
_BOUNDED: Final = frozenset({1, 2, 3, 4, 5, 8, 32773, 32946, 34925, 34926, 50000})
# JPEG, LERC and JPEG 2000: a strip says its own size.
_SIZED: Final = {7: jpeg_size, 34887: lerc_size} | dict.fromkeys((33003, 33004, 33005, 34712), jpeg_2000_size)
_HEAD_BYTES: Final = 1 << 18
# JPEG rounds sizes up to its blocks.
_SLACK: Final = 16


def page_count(tif: tifffile.TiffFile, name: str) -> int:
    """Walk the chain of pages and count them.

    Raises:
        ImageUnreadable: The chain leads out of the file, or back into itself.
        ImageTooLarge: There are more pages than any instrument writes.
    """
    try:
        offset = tif.pages.first.offset
    except IndexError:
        raise _cut_off(tif, name, "its directory") from None
    seen: set[int] = set()
    while offset:
        if offset in seen:
            raise ImageUnreadable(f"{name} is damaged: its chain of pages leads back into itself.")
        if len(seen) == MAX_PAGES:
            raise ImageTooLarge(f"{name} has more than {MAX_PAGES} pages.")
        seen.add(offset)
        offset = _following(tif, offset, name)
    return len(seen)


def _following(tif: tifffile.TiffFile, offset: int, name: str) -> int:
    """Give the offset of the page after the one at `offset`; 0 after the last."""
    file, form = tif.filehandle, tif.tiff
    try:
        file.seek(offset)
        tags = struct.unpack(form.tagnoformat, file.read(form.tagnosize))[0]
        file.seek(tags * form.tagsize, os.SEEK_CUR)
        return int(struct.unpack(form.offsetformat, file.read(form.offsetsize))[0])
    except struct.error:
        raise _cut_off(tif, name, "its last page") from None


def refuse_claimed_size(page: Any, name: str, max_pixels: int) -> None:
    """Raise ImageTooLarge when a page, or one of its tiles, claims more values than `max_pixels`."""
    key = page.keyframe
    refuse_too_large(name, key.imagelength, key.imagewidth, key.samplesperpixel * key.imagedepth, max_pixels)
    refuse_too_large(name, key.tilelength, key.tilewidth, key.samplesperpixel * key.tiledepth, max_pixels)


def refuse_claims(tif: tifffile.TiffFile, page: Any, name: str, max_pixels: int) -> None:
    """Refuse a page whose size, compression or strips can't be right, before anything is allocated for it.

    Raises:
        ImageTooLarge: It claims more values than `max_pixels`.
        ImageNotSupported: It is compressed in a way that no instrument uses.
        ImageUnreadable: Strips or tiles are missing, lie behind the end of the file, or claim more than their size.
    """
    refuse_claimed_size(page, name, max_pixels)
    compression = page.keyframe.compression
    if compression not in _BOUNDED and compression not in _SIZED:
        kind = getattr(compression, "name", compression)
        raise ImageNotSupported(f"{name} is compressed as {kind}, which this pipeline doesn't read.")
    refuse_missing_parts(tif, page, name)
    if compression in _SIZED:
        _refuse_larger_parts(tif, page, name)


def refuse_missing_parts(tif: tifffile.TiffFile, page: Any, name: str) -> None:
    """Raise ImageUnreadable when strips or tiles of a page were never written or lie behind the end of the file."""
    ends = [offset + count for offset, count in zip(page.dataoffsets, page.databytecounts, strict=False)]
    needed = math.prod(page.keyframe.chunked)
    if len(ends) < needed or 0 in page.databytecounts[:needed]:
        raise ImageUnreadable(f"{name} was never finished: some of its {needed} strips or tiles were not written.")
    if max(ends, default=0) > tif.filehandle.size:
        raise _cut_off(tif, name, f"its pixels do at byte {max(ends)}")


def _refuse_larger_parts(tif: tifffile.TiffFile, page: Any, name: str) -> None:
    """Refuse strips that claim a larger picture than theirs: their decoders allocate what those claim."""
    key = page.keyframe
    size = _SIZED[key.compression]
    strip = (min(key.rowsperstrip, key.imagelength), key.imagewidth)
    rows, columns = (key.tilelength, key.tilewidth) if key.is_tiled else strip
    for offset, count in zip(page.dataoffsets, page.databytecounts, strict=False):
        tif.filehandle.seek(offset)
        width, height, samples = _claimed(size, tif.filehandle.read(min(count, _HEAD_BYTES)), name)
        if width > columns + _SLACK or height > rows + _SLACK or samples > max(4, key.samplesperpixel):
            raise ImageUnreadable(f"{name} is damaged: a part of {columns} × {rows} pixels claims {width} × {height}.")


def _claimed(size: Callable[[bytes], tuple[int, int, int]], head: bytes, name: str) -> tuple[int, int, int]:
    try:
        return size(head)
    except struct.error:
        raise ImageUnreadable(f"{name} is damaged: a strip or tile has no header.") from None


def _cut_off(tif: tifffile.TiffFile, name: str, before: str) -> ImageUnreadable:
    return ImageUnreadable(f"{name} is cut off: it ends at byte {tif.filehandle.size} before {before}.")
