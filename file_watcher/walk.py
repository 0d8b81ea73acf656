"""Looking at a whole folder: names and fingerprints only, nothing is opened."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from file_watcher.completion import Fingerprint, fingerprint_of
from file_watcher.folder import Folder
from labrelay.files import is_temporary


@dataclass
class Walk:
    """One walk below a folder.

    Attributes:
        folder: the watched folder.
        below: sub-folder to begin at, `""` for the root.
        ignored: files seen that aren't captured (filters, links).
        unreadable: sub-folders that couldn't be listed, with the reason.
    """

    folder: Folder
    below: str = ""
    ignored: int = 0
    unreadable: dict[str, str] = field(default_factory=dict)

    def files(self) -> Iterator[tuple[str, Fingerprint]]:
        """Each captured file's path below the root, and its fingerprint."""
        waiting = [self.below]
        while waiting:
            here = waiting.pop()
            for entry in self._list(here):
                path = f"{here}/{entry.name}" if here else entry.name
                if entry.is_dir(follow_symlinks=False):
                    waiting += [path] if self.folder.filter.enters(path) else []
                elif (seen := self._admitted(path, entry)) is not None:
                    yield path, seen

    def _list(self, here: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self.folder.root / here) as listing:
                return sorted(listing, key=lambda entry: entry.name)
        except FileNotFoundError:
            return []
        except OSError as error:
            self.unreadable[here or "."] = str(error.strerror)
            return []

    def _admitted(self, path: str, entry: os.DirEntry[str]) -> Fingerprint | None:
        if is_temporary(entry.name):
            return None
        if entry.is_symlink() or not self.folder.filter.admits(path):
            self.ignored += 1
            return None
        return fingerprint_of(entry.path)
