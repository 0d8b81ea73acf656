"""The images that `run` takes, by the rules of its watched folder: what the watcher leaves alone is not waited for."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from labrelay.files import digest_file
from labrelay.report import FailedFile

SUFFIXES: Final = (".tif", ".tiff", ".png", ".jpg", ".jpeg")
INCLUDE: Final = tuple(
    "**/*" + "".join(f"[{char}{char.upper()}]" if char.isalpha() else char for char in suffix) for suffix in SUFFIXES
)
"""The watcher's patterns for the same suffixes, in any case."""
LEFT_ALONE: Final = (".", "~")
"""First characters of files and folders that a watched folder excludes by default."""


@dataclass(frozen=True)
class Images:
    """What lies in a folder.

    Attributes:
        digests: path below the folder (forward slashes) → hex SHA-256.
        unreadable: images that nobody can read or name, for the report.
    """

    digests: dict[str, str]
    unreadable: tuple[FailedFile, ...]


def find_images(root: Path) -> Images:
    """Every image below a folder; links are not followed."""
    digests: dict[str, str] = {}
    unreadable: list[FailedFile] = []
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        if not _is_image(path, relative):
            continue
        name = os.fsencode(relative.as_posix()).decode(errors="backslashreplace")
        if name != relative.as_posix():
            unreadable.append(_unreadable(name, "The name isn't Unicode.", "Rename the file."))
            continue
        try:
            digests[name] = digest_file(path)[0]
        except OSError as error:
            unreadable.append(_unreadable(name, f"It can't be read: {error.strerror or error}.", "Make it readable."))
    return Images(digests, tuple(unreadable))


def _is_image(path: Path, relative: Path) -> bool:
    left_alone = any(part.startswith(LEFT_ALONE) for part in relative.parts)
    return path.suffix.lower() in SUFFIXES and not left_alone and not path.is_symlink() and path.is_file()


def _unreadable(name: str, cause: str, next_step: str) -> FailedFile:
    return FailedFile(file=name, code="input_unreadable", cause=cause, next_step=f"{next_step} Then run again.")
