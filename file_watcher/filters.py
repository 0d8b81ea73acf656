"""Which files of a folder are captured: include and exclude patterns over the path below the folder."""

import os
import re
from collections.abc import Iterable
from itertools import accumulate

from file_watcher.companion import Companion
from labrelay.files import is_temporary
from labrelay.plates import Names
from labrelay.settings.model import WatchedFolder

_FLAGS = re.IGNORECASE if os.name == "nt" else 0
REMEMBERED = 10_000
"""Folders whose answer is kept."""
_PIECES = re.compile(r"(\*\*/|\*\*|\*|\?|\[!?[^\]]+\])")


def pattern(glob: str) -> re.Pattern[str]:
    """A glob over a path with forward slashes as a regular expression for `fullmatch`.

    `**/` stands for any number of folders, `*` and `?` stay inside one name, `[a-c]` and `[!a-c]` are classes.
    A glob without a slash is meant for names at any depth, as in a .gitignore.
    """
    anywhere = glob if "/" in glob else f"**/{glob}"
    return re.compile("".join(_translate(piece) for piece in _PIECES.split(anywhere)), _FLAGS | re.DOTALL)


def _translate(piece: str) -> str:
    fixed = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    if piece in fixed:
        return fixed[piece]
    if piece.startswith("[") and piece.endswith("]") and len(piece) > 2:
        inner = piece[1:-1].replace("\\", r"\\").replace("[", r"\[")
        return f"[^{inner[1:]}]" if inner.startswith("!") else f"[{inner}]"
    return re.escape(piece)


class Filter:
    """The patterns of one watched folder, compiled."""

    def __init__(self, folder: WatchedFolder) -> None:
        self._include = _any_of(folder.include)
        self._exclude = _any_of((*folder.exclude, *folder.unfinished))
        self._entered: dict[str, bool] = {}
        self._names = Names(folder.names, f"oem.folders, folder {folder.name!r}: names")
        self._recursive = folder.recursive
        self._min_bytes = folder.min_bytes
        self._companion = Companion(folder.marker) if folder.completion == "marker" else None

    def admits(self, path: str) -> bool:
        """Whether a file is captured; labrelay's own temporary files and names that aren't Unicode never are."""
        folder, _, name = path.rpartition("/")
        if is_temporary(name) or self.is_marker(path) or not is_text(path) or (folder and not self.enters(folder)):
            return False
        if not self._include.fullmatch(path) or self._exclude.fullmatch(path):
            return False
        return not self._names.leaves_out(path)

    def large_enough(self, size: int) -> bool:
        """Whether a file of so many bytes is captured; one that grows is, as soon as it has."""
        return size >= self._min_bytes

    def is_marker(self, path: str) -> bool:
        """Whether it is a marker file of this folder's `marker` policy: a sign, never a content."""
        return self._companion is not None and self._companion.is_one(path.rpartition("/")[2])

    def marker_of(self, path: str) -> str | None:
        """The marker's path that a file waits for, None under other policies."""
        folder, slash, name = path.rpartition("/")
        return None if self._companion is None else f"{folder}{slash}{self._companion.beside(name)}"

    def enters(self, folder: str) -> bool:
        """Whether a sub-folder is looked into: an excluded folder excludes all below it."""
        if len(self._entered) > REMEMBERED:
            self._entered.clear()
        entered = self._entered.get(folder)
        if entered is None:
            parts = accumulate(folder.split("/"), _join)
            entered = self._recursive and not any(self._exclude.fullmatch(part) for part in parts)
            self._entered[folder] = entered
        return entered


def _join(parent: str, name: str) -> str:
    return f"{parent}/{name}"


def _any_of(globs: Iterable[str]) -> re.Pattern[str]:
    """One expression for all of them: asked for each file of each scan."""
    return re.compile("|".join(f"(?:{pattern(glob).pattern})" for glob in globs) or r"(?!)", _FLAGS | re.DOTALL)


def is_text(path: str) -> bool:
    """Whether a path can be written as UTF-8; names from old systems may hold other bytes."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
