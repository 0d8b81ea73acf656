"""Where outputs go below the output folder, and how they are called when the name is somebody else's."""

import unicodedata
from pathlib import PurePosixPath
from typing import Final

from labrelay.contracts.captures import ReturnOffer
from labrelay.errors import Forbidden
from labrelay.files import legal_name

SHORT: Final = 8


def key_of(path: str) -> str:
    """What makes two paths the same file: without case and in one Unicode form, as on Windows and macOS."""
    return unicodedata.normalize("NFC", path).casefold()


def marks(job_id: str) -> tuple[str, ...]:
    """What is tried in turn to make a job's names its own: nothing, the id's first 8 characters, the whole id."""
    return ("", job_id[:SHORT], job_id)


def paths_of(offer: ReturnOffer, mark: str, *, folder_prefix: bool) -> list[str]:
    """Paths of all outputs below the output folder, forward slashes, legal on Windows, in the order of the offer.

    The source's sub-folders keep their shape. With a `mark`, `b_labels.tif` of the source `b.tif` becomes
    `b~mark_labels.tif`, and `table.csv` becomes `table~mark.csv`.

    Raises:
        Forbidden: the source's path doesn't stay inside its folder.
    """
    source = PurePosixPath(offer.source_path)
    if source.is_absolute() or ".." in source.parts or "\\" in offer.source_path or "\x00" in offer.source_path:
        raise Forbidden(f"The source path {offer.source_path!r} doesn't stay inside its folder.")
    above = [offer.folder] if folder_prefix else []
    folder = PurePosixPath(*(legal_name(part) for part in (*above, *source.parent.parts)))
    names: list[str] = []
    for output in offer.outputs:
        name = legal_name(_marked(output.name.replace("/", "_"), source.stem, mark))
        names.append(_distinct(name, names, output.index))
    return [(folder / name).as_posix() for name in names]


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
