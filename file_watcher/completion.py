"""A file on its way to being finished: what is seen of it, what events say, and until when it waits."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
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
        """Both in one; a close vouches for nothing that is written after it, however late both are heard."""
        vouched = later.vouched or (None if later.writing else self.vouched)
        return Touch(vouched, later.certain or self.certain, later.writing)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may be finished soon.

    Attributes:
        fingerprint: as last seen.
        due: when it counts as finished if it stays like this, in seconds of the reconciler's clock; infinite while
            something else has to happen first.
        vouched: something vouches for this fingerprint, so that no time has to pass.
        writing: somebody was heard writing and not yet closing.
        why: what it waits for, in words for people.
    """

    fingerprint: Fingerprint
    due: float
    vouched: bool = False
    writing: bool = False
    why: str = ""


@dataclass(frozen=True)
class Sighting:
    """One look at a file: an event's where `touch` is given, else a scan's.

    Attributes:
        path: the whole path.
        seen: what it looks like now.
        now: seconds of the reconciler's clock.
        before: what was thought of it until now.
    """

    path: Path
    seen: Fingerprint
    now: float
    before: Candidate | None = None
    touch: Touch | None = None

    @property
    def same(self) -> Candidate | None:
        """The candidate until now, if the file looks as it did then."""
        return self.before if self.before is not None and self.before.fingerprint == self.seen else None


class Policy(Protocol):
    """Tells when a file is finished."""

    name: str

    def judge(self, sighting: Sighting) -> Candidate:
        """What is to be thought of the file now."""
        ...

    def hindrance(self, path: Path) -> str:
        """Why a file whose time has come must wait on, else empty."""
        ...
