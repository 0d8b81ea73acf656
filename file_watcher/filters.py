"""Which files of a folder are captured: include and exclude patterns over the path below the folder."""

import os
import re
from collections.abc import Iterable
from itertools import accumulate

from labrelay.files import is_temporary
from labrelay.settings.model import WatchedFolder

_FLAGS = re.IGNORECASE if os.name == "nt" else 0
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
        self._include = tuple(pattern(glob) for glob in folder.include)
        self._exclude = tuple(pattern(glob) for glob in (*folder.exclude, *folder.unfinished))
        self._recursive = folder.recursive

    def admits(self, path: str) -> bool:
        """Whether a file is captured; labrelay's own temporary files and names that aren't Unicode never are."""
        folder, _, name = path.rpartition("/")
        if is_temporary(name) or not _is_text(path) or (folder and not self.enters(folder)):
            return False
        return _any(self._include, path) and not _any(self._exclude, path)

    def enters(self, folder: str) -> bool:
        """Whether a sub-folder is looked into: an excluded folder excludes all below it."""
        return self._recursive and not any(_any(self._exclude, part) for part in accumulate(folder.split("/"), _join))


def _join(parent: str, name: str) -> str:
    return f"{parent}/{name}"


def _any(patterns: Iterable[re.Pattern[str]], path: str) -> bool:
    return any(each.fullmatch(path) for each in patterns)


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
