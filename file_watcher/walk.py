"""Looking at a whole folder: names and fingerprints only, nothing is opened."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from file_watcher.completion import Fingerprint, fingerprint_of
from file_watcher.filters import is_text
from file_watcher.folder import Folder
from labrelay.files import is_temporary

NOT_TEXT: Final = "The name isn't Unicode, so that no message can carry it: rename the file."


@dataclass
class Walk:
    """One walk below a folder.

    Attributes:
        folder: the watched folder.
        below: sub-folder to begin at, `""` for the root.
        ignored: files seen that aren't captured (filters, links, devices, too small).
        small: those of them that are too small.
        small_bytes: their bytes.
        unreadable: sub-folders that couldn't be listed, files that couldn't be looked at and names that are no text,
            with the reason.
    """

    folder: Folder
    below: str = ""
    ignored: int = 0
    small: int = 0
    small_bytes: int = 0
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
        self.folder.pulse.beat(_shown(here) or ".")
        try:
            with os.scandir(self.folder.root / here) as listing:
                return sorted(listing, key=lambda entry: entry.name)
        except FileNotFoundError:
            return []
        except OSError as error:
            self.unreadable[_shown(here) or "."] = str(error.strerror)
            return []

    def _admitted(self, path: str, entry: os.DirEntry[str]) -> Fingerprint | None:
        if is_temporary(entry.name):
            return None
        if not is_text(path):
            self.unreadable[_shown(path)] = NOT_TEXT
        if not entry.is_file(follow_symlinks=False) or not self.folder.filter.admits(path):
            self.ignored += 1
            return None
        seen = fingerprint_of(entry.path)
        if seen is None:
            self._note_unreachable(path, entry.path)
        if seen is None or self.folder.filter.large_enough(seen.size):
            return seen
        self.ignored += 1
        self.small += 1
        self.small_bytes += seen.size
        return None

    def _note_unreachable(self, path: str, whole: str) -> None:
        """A file that is gone since it was listed is no trouble; one that can't be looked at is."""
        try:
            os.lstat(whole)
        except FileNotFoundError:
            return
        except OSError as error:
            self.unreadable[path] = str(error.strerror)


def _shown(path: str) -> str:
    """The path as messages can carry it."""
    return os.fsencode(path).decode(errors="backslashreplace")
