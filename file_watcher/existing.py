"""The first look at a folder: which of the files that are there already are known without being captured.

What is changed or moved in after its beginning is taken, also when it was interrupted and begins again.
"""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from file_watcher.completion import Fingerprint
from file_watcher.folder import Folder
from file_watcher.journal import Journal, Look
from labrelay.errors import ServiceUnavailable
from labrelay.settings.existing import Existing

LOOKS: Final = 500
"""Files that are compared with the journal, or written into it, at once."""
COARSE_NS: Final = 2_000_000_000
"""File systems date changes to within 2 s."""


class FirstLook:
    """Takes note of what a folder holds before it is watched for the first time.

    Args:
        folder: the watched folder.
        journal: where files that are left out are known from then on.
    """

    def __init__(self, folder: Folder, journal: Journal) -> None:
        self._folder = folder
        self._journal = journal

    def over(self, files: Iterable[Look], now_ns: int) -> Iterator[int]:
        """Go through the folder's files; yields their number every now and then.

        Args:
            files: all files of the folder.
            now_ns: the time, nanoseconds since 1970.

        Raises:
            OSError: the folder went away meanwhile; the first look has yet to come to its end.
            ServiceUnavailable: another one stands in its place now, likewise.
        """
        stood = self._folder.identity()
        earlier_ns = self._journal.begin(self._folder.name, now_ns)
        yield 0
        chosen, count = self._folder.rule.existing_files, 0
        for looks in batches(files if chosen.kind != "take" else (), LOOKS):
            old = [look for look in looks if left_alone(chosen, look[1])]
            left_out = [look for look in old if not self._is_late(look, now_ns, earlier_ns)]
            self._journal.know(self._folder.name, left_out)
            count += len(looks)
            yield count
        if self._folder.identity() != stood:
            raise ServiceUnavailable(f"{self._folder.root} went away during the first look at it, which begins again.")
        self._journal.begun(self._folder.name)

    def _is_late(self, look: Look, now_ns: int, earlier_ns: int | None) -> bool:
        """Whether it came after the beginning. Events tell of such files too, but not on a share."""
        path = self._folder.root / look[0]
        if earlier_ns is not None:
            return max(_times_ns(path)) >= earlier_ns - COARSE_NS
        modified_ns, changed_ns = _times_ns(path)
        return changed_ns >= now_ns or now_ns <= modified_ns <= time.time_ns()


def left_alone(chosen: Existing, seen: Fingerprint) -> bool:
    """Whether a file that is there at the first look isn't captured until it changes."""
    return seen.mtime_ns < chosen.since_ns


def batches(files: Iterable[Look], size: int) -> Iterator[list[Look]]:
    """The same in lists of `size`."""
    batch: list[Look] = []
    for each in files:
        batch.append(each)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _times_ns(path: Path) -> tuple[int, int]:
    """When its content was changed and when the file itself was; the end of time where nothing tells.

    Copies and moves keep the first, and the second tells of them (on Windows: of making the file).
    """
    try:
        seen = path.lstat()
    except OSError:
        return 1 << 63, 1 << 63
    return seen.st_mtime_ns, seen.st_ctime_ns
