"""The journal's HTTP bodies, as the data organizer and the dashboard read them."""

from typing import Literal

from labrelay.contracts.attributes import Attributes
from labrelay.contracts.base import Contract
from labrelay.contracts.captures import CaptureId, Digest

State = Literal["pending", "open", "closed", "refused"]


class PendingEntry(Contract):
    """A finished content that waits for its announcement; the members are those of `Announcement`."""

    id: int
    folder: str
    path: str
    size: int
    sha256: str
    modified_ns: int
    predecessor: str | None
    directory: str
    attributes: Attributes
    must_match: bool
    capture_id: str | None = None


class Pending(Contract):
    """Answer of `GET /api/v2/journal/pending`.

    Attributes:
        epoch: the gateway's epoch as last heard, None before the first word.
        cursor: where the feed of ended captures goes on.
        feed_epoch: the epoch whose feed was read last, None before the first page.
    """

    epoch: int | None
    cursor: int
    entries: tuple[PendingEntry, ...]
    feed_epoch: int | None = None


class Acceptance(Contract):
    """The gateway took an entry's announcement."""

    id: int
    capture_id: CaptureId
    epoch: int
    ended: bool = False


class Resync(Contract):
    """The gateway's last capture of the entry's path is another than the journal's; None: it knows no capture."""

    id: int
    last_capture_id: CaptureId | None = None
    last_sha256: Digest | None = None


class Refusal(Contract):
    """The gateway refused an entry's announcement for a reason that waiting doesn't cure."""

    id: int
    cause: str


class Ended(Contract):
    """A page of the gateway's feed of ended captures.

    Attributes:
        kept: ends with a higher number that an older epoch told are no longer on record: their captures are open again.
    """

    epoch: int
    next: int
    captures: tuple[CaptureId, ...] = ()
    kept: int | None = None


class Entry(Contract):
    """A row of the journal as people see it."""

    id: int
    folder: str
    path: str
    generation: int
    size: int
    sha256: str
    modified_ns: int
    found_ns: int
    state: State
    capture_id: str | None
    cause: str


class Entries(Contract):
    """Answer of `GET /api/v2/journal`, newest first."""

    items: tuple[Entry, ...]


class FirstLook(Contract):
    """How far the files are that were there already when the watcher started.

    Attributes:
        files: files that the first scan saw.
        of: those of them that the journal didn't know yet: they have to be hashed.
        hashed: so many of these are dealt with.
        taken: new contents that were written down since the start.
        bytes_left: bytes that are still to be hashed.
    """

    files: int
    taken: int
    hashed: int
    of: int
    bytes_left: int


class FolderStatus(Contract):
    """One watched folder.

    Attributes:
        completion: the policy that tells when a file is finished, `auto` resolved.
        observer: how changes are found now: `events`, or `polling` where nobody tells of them.
        watched: events are heard; without them the timer's scans find everything.
        found: contents in the journal.
        waiting: files that aren't finished yet.
        ignored: files that the last scan passed over by the folder's patterns.
        waits: the first few of those that wait, and what for.
        first_look: the first scan since the start; None until it has seen everything.
        unreachable: why the folder can't be looked at, else empty.
        troubles: files or sub-folders that couldn't be read, with the reason.
    """

    name: str
    path: str
    completion: str
    observer: Literal["events", "polling"]
    watched: bool
    found: int = 0
    waiting: int = 0
    ignored: int = 0
    pending: int = 0
    open: int = 0
    closed: int = 0
    refused: int = 0
    waits: tuple[str, ...] = ()
    first_look: FirstLook | None = None
    unreachable: str = ""
    troubles: tuple[str, ...] = ()


class Status(Contract):
    """Answer of `GET /api/v2/status`."""

    epoch: int | None
    cursor: int
    folders: tuple[FolderStatus, ...]
    refused: tuple[Entry, ...]
    trouble: str = ""


class Scanned(Contract):
    """Answer of `POST /api/v2/scan`: files looked at."""

    scanned: int
