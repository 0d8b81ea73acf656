"""Where outputs go below the output folder, and how they are called when the name is somebody else's."""

import hashlib
import unicodedata
from pathlib import PurePosixPath
from typing import Final

from labrelay.contracts.captures import ReturnOffer
from labrelay.errors import Forbidden
from labrelay.files import input_name, leads_out, legal_name

SHORT: Final = 8
ROOM: Final = 3800
"""Bytes of a path below the output folder when nothing is said of it."""
TEMPORARY_NAME: Final = 80
"""Bytes that an output's name has at least while it is being pulled."""


def key_of(path: str) -> str:
    """What makes two paths the same file: without case and in one Unicode form, as on Windows and macOS."""
    return unicodedata.normalize("NFC", path).casefold()


def marks(job_id: str) -> tuple[str, ...]:
    """What is tried in turn to make a job's names its own: nothing, the id's first 8 characters, the whole id."""
    return ("", job_id[:SHORT], job_id)


def paths_of(offer: ReturnOffer, mark: str, *, folder_prefix: bool, room: int = ROOM) -> list[str]:
    """Paths of all outputs below the output folder, forward slashes, legal on Windows, in the order of the offer.

    The source's sub-folders keep their shape; where the whole would be longer than `room` bytes, one folder called by a
    digest stands for the last ones. With a `mark`, `b_labels.tif` of the source `b.tif` becomes `b~mark_labels.tif`,
    and `table.csv` becomes `table~mark.csv`.

    Raises:
        Forbidden: the source's path doesn't stay inside its folder.
    """
    if leads_out(offer.source_path, windows=False):
        raise Forbidden(f"The source path {offer.source_path!r} doesn't stay inside its folder.")
    stem = PurePosixPath(input_name(offer.source_path)).stem
    names: list[str] = []
    for output in offer.outputs:
        name = legal_name(_marked(output.name.replace("/", "_"), stem, mark))
        names.append(_distinct(name, names, output.index))
    above = [offer.folder] if folder_prefix else []
    parts = [legal_name(part) for part in (*above, *PurePosixPath(offer.source_path).parent.parts)]
    longest = max([TEMPORARY_NAME, *(len(name.encode()) for name in names)])
    folder = PurePosixPath(*_fitting(parts, room - longest - 1))
    return [(folder / name).as_posix() for name in names]


def _fitting(parts: list[str], room: int) -> list[str]:
    """The folders, or the first of them and a digest, that fit into so many bytes."""
    if len("/".join(parts).encode()) <= room:
        return parts
    digest = f"~{hashlib.sha256('/'.join(parts).encode()).hexdigest()[:16]}"
    kept = list(parts)
    while kept and len("/".join([*kept, digest]).encode()) > room:
        kept.pop()
    return [*kept, digest]


def _marked(name: str, stem: str, mark: str) -> str:
    if not mark:
        return name
    if stem and name.startswith(stem):
        return f"{stem}~{mark}{name[len(stem) :]}"
    return _before_suffix(name, f"~{mark}")


def _distinct(name: str, earlier: list[str], index: int) -> str:
    taken = {key_of(each) for each in earlier}
    return _before_suffix(name, f"~{index}") if key_of(name) in taken else name


def _before_suffix(name: str, insert: str) -> str:
    path = PurePosixPath(name)
    return f"{path.stem}{insert}{path.suffix}"
