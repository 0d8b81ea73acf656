"""When is a file finished? A close event vouches for what was seen right after it; without one, time must pass."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from labrelay.settings.model import WatchedFolder

PATIENCE: Final = 30
"""So many times `stable_s` a file whose writer was heard, but not its close, must rest until it counts as finished."""


@dataclass(frozen=True)
class Fingerprint:
    """What `stat` tells of a regular file: cheap to compare, changes when the content does.

    Attributes:
        size: bytes.
        mtime_ns: time of the last change, nanoseconds.
        file_id: the file's number in its file system; a replaced file has another.
    """

    size: int
    mtime_ns: int
    file_id: str


def fingerprint_of(path: Path | str) -> Fingerprint | None:
    """The fingerprint, or None where no regular file is (gone, a link, a folder, a share that is away)."""
    try:
        seen = os.lstat(path)
    except OSError:
        return None
    if not stat.S_ISREG(seen.st_mode):
        return None
    return Fingerprint(seen.st_size, seen.st_mtime_ns, str(seen.st_ino))


@dataclass(frozen=True)
class Touch:
    """What an event said of a path; it wakes, and the disk decides.

    Attributes:
        vouched: what was seen right after a close, None for other events.
        certain: the content may be new even where the fingerprint is known (closed after writing, moved here).
        writing: somebody writes and will be heard closing (only where the system tells closes).
    """

    vouched: Fingerprint | None = None
    certain: bool = False
    writing: bool = False

    def then(self, later: "Touch") -> "Touch":
        """Both in one."""
        return Touch(later.vouched or self.vouched, later.certain or self.certain, later.writing)


@dataclass(frozen=True)
class Candidate:
    """A file that may be finished soon.

    Attributes:
        fingerprint: as last seen.
        due: when it counts as finished if it stays like this, in seconds of the reconciler's clock.
        vouched: a close event vouches for this fingerprint.
        writing: somebody was heard writing and not yet closing.
    """

    fingerprint: Fingerprint
    due: float
    vouched: bool = False
    writing: bool = False


def after_event(
    rule: WatchedFolder, seen: Fingerprint, touch: Touch, before: Candidate | None, now: float
) -> Candidate:
    """The candidate after an event."""
    if before is not None and before.vouched and before.fingerprint == seen:
        return before
    if rule.completion in ("auto", "close_write") and touch.vouched == seen:
        return Candidate(seen, now, vouched=True)
    return _patient(rule, seen, now, writing=touch.writing)


def after_look(rule: WatchedFolder, seen: Fingerprint, before: Candidate | None, now: float) -> Candidate:
    """The candidate after somebody looked without an event: unchanged files keep their waiting time."""
    if before is not None and before.fingerprint == seen:
        return before
    return _patient(rule, seen, now, writing=before is not None and before.writing)


def _patient(rule: WatchedFolder, seen: Fingerprint, now: float, *, writing: bool) -> Candidate:
    """A writer that pauses isn't finished: its close is waited for, though not for ever, as it may get lost."""
    waits_for_close = writing and rule.completion in ("auto", "close_write")
    return Candidate(seen, now + rule.stable_s * (PATIENCE if waits_for_close else 1), writing=writing)
