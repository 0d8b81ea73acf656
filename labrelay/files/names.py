"""Names from messages and files are never trusted: joined under a root, checked, made legal on Windows."""

import re
from pathlib import Path, PurePosixPath
from typing import Final

from labrelay.errors import Forbidden

TEMPORARY: Final = ".labrelay-part"
"""Suffix of every file that is not finished yet; watchers never take it."""

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
_RESERVED = re.compile(r"^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)


def is_temporary(name: str) -> bool:
    """Whether a name is one of labrelay's own unfinished files."""
    return name.endswith(TEMPORARY)


def inside(root: Path, relative: str) -> Path:
    """`relative` (forward slashes) below `root`.

    Raises:
        Forbidden: the name is absolute, empty, has `..`, a drive, a NUL, or leaves the root through a link.
    """
    parts = PurePosixPath(relative).parts
    bad = not parts or relative.startswith("/") or any(part in ("..", ".") for part in parts)
    if bad or "\x00" in relative or "\\" in relative or re.match(r"^[A-Za-z]:", relative):
        raise Forbidden(f"The name {relative!r} doesn't stay inside its folder.", next_step="Rename the file.")
    path = root.joinpath(*parts)
    if not path.resolve().is_relative_to(root.resolve()):
        raise Forbidden(f"The name {relative!r} leaves its folder through a link.", next_step="Remove the link.")
    return path


def legal_name(name: str) -> str:
    """A file name that Windows takes too: no reserved names, no trailing dots or spaces, at most 200 characters."""
    clean = _FORBIDDEN.sub("_", name).rstrip(". ") or "_"
    clean = f"_{clean}" if _RESERVED.match(clean) else clean
    if len(clean) <= 200:
        return clean
    stem, dot, suffix = clean.rpartition(".")
    return f"{stem[: 199 - len(suffix)]}.{suffix}" if dot and len(suffix) < 20 else clean[:200]
