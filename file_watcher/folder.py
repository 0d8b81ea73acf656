"""One watched folder: where it is, what belongs to it, and which folders may stand side by side."""

import os
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Final

from file_watcher.filters import Filter
from file_watcher.pulse import Pulse
from file_watcher.remote import is_remote
from labrelay.errors import SettingsInvalid
from labrelay.settings import Settings
from labrelay.settings.model import WatchedFolder

CLOSES_ARE_HEARD: Final = sys.platform.startswith("linux")
"""Only inotify tells when a writer closes its file."""
RESOLVE_S: Final = 5.0
Identity = tuple[int, int]
"""Device and number of a folder."""


@dataclass(frozen=True)
class Folder:
    """A watched folder with its own settings; `root` is absolute and without links, `pulse` its disk's answers."""

    rule: WatchedFolder
    root: Path
    pulse: Pulse = field(default_factory=Pulse, compare=False)

    @property
    def name(self) -> str:
        """Its name in the settings, in the journal and on the gateway."""
        return self.rule.name

    @cached_property
    def filter(self) -> Filter:
        """Its include and exclude patterns."""
        return Filter(self.rule)

    @property
    def polled(self) -> bool:
        """Whether changes are looked for because nobody tells of them. What is mounted at the root can change."""
        return self.rule.observer == "polling" or (self.rule.observer == "auto" and is_remote(self.root))

    @property
    def closes_are_heard(self) -> bool:
        """Whether the system tells when a writer of this folder closes its file."""
        return CLOSES_ARE_HEARD and not self.polled

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

    def identity(self) -> Identity:
        """What stands at the root now; a share that was mounted anew differs.

        Raises:
            OSError: it can't be reached.
        """
        seen = self.root.stat()
        return seen.st_dev, seen.st_ino

    def behind_link(self, path: str) -> bool:
        """Whether a link lies between the root and the file: what it points to isn't this folder's."""
        parents = Path(path).parents
        return any(self.root.joinpath(parent).is_symlink() for parent in parents if parent != Path())


def folders_of(settings: Settings) -> tuple[Folder, ...]:
    """The watched folders.

    Raises:
        SettingsInvalid: two of them overlap, so that a file would be captured twice.
    """
    folders = tuple(Folder(rule, without_links(rule.path)) for rule in settings.folders)
    _refuse_overlap(folders)
    return folders


def without_links(path: Path) -> Path:
    """The absolute path; links stay in the path of a share that doesn't answer, so that it delays no start."""
    found: list[Path] = []
    thread = threading.Thread(target=lambda: found.append(path.resolve()), name="resolve", daemon=True)
    thread.start()
    thread.join(RESOLVE_S)
    return found[0] if found else path.absolute()


def _refuse_overlap(folders: Sequence[Folder]) -> None:
    for one, other in combinations(folders, 2):
        if one.root.is_relative_to(other.root) or other.root.is_relative_to(one.root):
            raise SettingsInvalid(
                f"oem.folders: {one.name!r} ({one.root}) and {other.name!r} ({other.root}) overlap: "
                "a file in both would be captured twice.",
                next_step="Watch only the upper one, or choose folders beside each other.",
            )
