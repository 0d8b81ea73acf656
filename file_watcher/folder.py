"""One watched folder: where it is, what belongs to it, and which folders may stand side by side."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path

from file_watcher.filters import Filter
from labrelay.errors import SettingsInvalid
from labrelay.settings import Settings
from labrelay.settings.model import WatchedFolder


@dataclass(frozen=True)
class Folder:
    """A watched folder with its own settings; `root` is absolute and without links."""

    rule: WatchedFolder
    root: Path

    @property
    def name(self) -> str:
        """Its name in the settings, in the journal and on the gateway."""
        return self.rule.name

    @cached_property
    def filter(self) -> Filter:
        """Its include and exclude patterns."""
        return Filter(self.rule)

    def relative(self, path: str) -> str | None:
        """The path below the root with forward slashes, or None for the root itself and for strangers."""
        try:
            below = Path(path).relative_to(self.root).as_posix()
        except ValueError:
            return None
        return None if below == "." else below

    def directory(self, path: str) -> str:
        """AiCSD's DirName: the absolute folder of a file, with a trailing separator."""
        return str(self.root.joinpath(path).parent) + os.sep

    def identity(self) -> tuple[int, int] | None:
        """What stands at the root now, None while it can't be reached; a share that was mounted anew differs."""
        try:
            seen = self.root.stat()
        except OSError:
            return None
        return (seen.st_dev, seen.st_ino) if self.root.is_dir() else None

    def behind_link(self, path: str) -> bool:
        """Whether a link lies between the root and the file: what it points to isn't this folder's."""
        parents = Path(path).parents
        return any(self.root.joinpath(parent).is_symlink() for parent in parents if parent != Path())


def folders_of(settings: Settings) -> tuple[Folder, ...]:
    """The watched folders.

    Raises:
        SettingsInvalid: two of them overlap, so that a file would be captured twice.
    """
    folders = tuple(Folder(rule, rule.path.resolve()) for rule in settings.folders)
    _refuse_overlap(folders)
    return folders


def _refuse_overlap(folders: Sequence[Folder]) -> None:
    for one, other in combinations(folders, 2):
        if one.root.is_relative_to(other.root) or other.root.is_relative_to(one.root):
            raise SettingsInvalid(
                f"oem.folders: {one.name!r} ({one.root}) and {other.name!r} ({other.root}) overlap.",
                next_step="Watch only the upper one, or choose folders beside each other.",
            )
