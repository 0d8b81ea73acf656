"""Names from messages and files are never trusted: joined under a root, checked, made legal on Windows."""

import hashlib
import os
import re
from pathlib import Path, PurePosixPath
from typing import Final

from labrelay.errors import Forbidden

TEMPORARY: Final = ".labrelay-part"
"""Suffix of every file that is not finished yet; watchers never take it."""

LONGEST: Final = 240
"""Bytes of a name; file systems take 255."""
LONGEST_INPUT: Final = 180
LONGEST_SUFFIX: Final = 20

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
_RESERVED = re.compile(r"^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)


def is_temporary(name: str) -> bool:
    """Whether a name is one of labrelay's own unfinished files."""
    return name.endswith(TEMPORARY)


def inside(root: Path, relative: str) -> Path:
    """`relative` (forward slashes) below `root`.

    Raises:
        Forbidden: the name is absolute, empty, has `..`, a NUL, on Windows a drive, stream or backslash, or leaves the
            root through a link.
    """
    if leads_out(relative, windows=os.name == "nt"):
        raise Forbidden(f"The name {relative!r} doesn't stay inside its folder.", next_step="Rename the file.")
    path = root.joinpath(*PurePosixPath(relative).parts)
    if not path.resolve().is_relative_to(root.resolve()):
        raise Forbidden(f"The name {relative!r} leaves its folder through a link.", next_step="Remove the link.")
    return path


def leads_out(relative: str, *, windows: bool) -> bool:
    """Whether a path below a root may name something else; drives, streams and backslashes are Windows' alone."""
    parts = PurePosixPath(relative).parts
    outside = not parts or relative.startswith("/") or any(part in ("..", ".") for part in parts)
    return outside or "\x00" in relative or (windows and not set(relative).isdisjoint(":\\"))


def legal_name(name: str, longest: int = LONGEST) -> str:
    """A file name that Windows takes too: no reserved names, no trailing dots or spaces, not longer than others take.

    Args:
        name: any text.
        longest: bytes in UTF-8. A longer name is cut before its suffix, where a digest keeps it apart from others.
    """
    clean = _FORBIDDEN.sub("_", name).rstrip(". ") or "_"
    clean = f"_{clean}" if _RESERVED.match(clean) else clean
    return clean if len(_encoded(clean)) <= longest else _shortened(clean, longest)


def input_name(path: str) -> str:
    """The name under which a pipeline gets the file at `path`: short enough for the suffixes of its outputs."""
    return legal_name(path.rpartition("/")[2], LONGEST_INPUT)


def _shortened(name: str, longest: int) -> str:
    stem, dot, suffix = name.rpartition(".")
    if not dot or len(_encoded(suffix)) > LONGEST_SUFFIX:
        stem, dot, suffix = name, "", ""
    tail = f"~{hashlib.sha256(_encoded(name)).hexdigest()[:8]}{dot}{suffix}"
    head = _encoded(stem)[: longest - len(_encoded(tail))]
    return head.decode(errors="ignore") + tail


def _encoded(name: str) -> bytes:
    return name.encode(errors="surrogatepass")
