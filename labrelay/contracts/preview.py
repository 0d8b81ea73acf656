"""What a look at the watched folders would take, before anything is taken."""

from labrelay.contracts.base import Contract


class Portion(Contract):
    """Some files and their bytes together."""

    files: int = 0
    bytes: int = 0


class SubFolder(Contract):
    """A folder below the watched one (`.`: directly in it), and what would be taken from it and below it."""

    path: str
    files: int
    bytes: int


class Estimate(Contract):
    """How long taking it would last.

    Attributes:
        seconds: the longer of reading and sending, which run beside each other.
        read_s: reading and hashing.
        send_s: sending under the cap on bandwidth; None without a cap.
        assumption: what the numbers rest on, in words for people.
    """

    seconds: float
    read_s: float
    send_s: float | None
    assumption: str


class FolderPreview(Contract):
    """One watched folder.

    Attributes:
        existing: the folder's setting; it counts at the first look only.
        first: the folder was never looked at before.
        take: what would be taken.
        known: files that the journal knows as they are: taken before, or left out at the first look.
        left_out: files that `existing` leaves out until they change.
        small: files below `min_bytes`.
        ignored: number of files that the folder's patterns pass over.
        folders: those sub-folders that most would be taken from, by bytes.
        unreachable: why the folder can't be looked at, else empty.
        unreadable: sub-folders that couldn't be listed, with the reason.
    """

    name: str
    path: str
    existing: str
    first: bool = True
    take: Portion = Portion()
    known: Portion = Portion()
    left_out: Portion = Portion()
    small: Portion = Portion()
    ignored: int = 0
    folders: tuple[SubFolder, ...] = ()
    estimate: Estimate | None = None
    unreachable: str = ""
    unreadable: tuple[str, ...] = ()


class Preview(Contract):
    """Answer of `GET /api/v2/preview`."""

    folders: tuple[FolderPreview, ...]
