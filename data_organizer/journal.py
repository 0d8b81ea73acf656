"""The watcher's journal as the organizer uses it, over HTTP."""

from collections.abc import Sequence
from typing import Any

from labrelay.contracts.attributes import Attributes
from labrelay.contracts.base import Lenient
from labrelay.contracts.captures import CaptureAccepted
from labrelay.http import Client
from labrelay.settings import Settings


class Entry(Lenient):
    """A finished content that waits for its announcement; members as in `Announcement`, `id` is the journal's."""

    id: int = 0
    folder: str
    path: str
    size: int
    sha256: str
    modified_ns: int
    predecessor: str | None = None
    capture_id: str | None = None
    directory: str
    attributes: Attributes = {}
    must_match: bool = False


class Pending(Lenient):
    """What waits, the gateway's epoch as the journal knows it, and the cursor of the feed of ended captures."""

    epoch: int | None = None
    cursor: int = 0
    feed_epoch: int | None = None
    entries: tuple[Entry, ...] = ()


class Known(Lenient):
    """A row of the journal."""

    folder: str
    sha256: str
    state: str
    capture_id: str | None = None


class Folder(Lenient):
    """A watched folder, as the watcher sees it."""

    name: str
    path: str
    unreachable: str = ""
    troubles: tuple[str, ...] = ()
    waiting: int = 0


class Folders(Lenient):
    """All watched folders, and why the watcher halts."""

    folders: tuple[Folder, ...] = ()
    trouble: str = ""


class Journal:
    """The file watcher of this side.

    Args:
        settings: the machine's settings.
    """

    def __init__(self, settings: Settings) -> None:
        self._watcher = Client.of(settings, "file_watcher")

    def pending(self, limit: int, wait_s: float) -> Pending:
        """What waits for its announcement, after waiting at most `wait_s` seconds for something."""
        query = {"limit": limit, "wait": wait_s}
        answer = self._watcher.get("/api/v2/journal/pending", params=query, read_s=wait_s + 15)
        return Pending.model_validate(answer)

    def position(self) -> Pending:
        """Epochs and cursor, without entries."""
        return self.pending(0, 0)

    def folders(self) -> Folders:
        """How the watched folders are."""
        return Folders.model_validate(self._watcher.get("/api/v2/status"))

    def known(self, folder: str, path: str) -> list[Known]:
        """The rows of one path, newest first."""
        items = self._watcher.get("/api/v2/journal", params={"path": path, "limit": 1000})["items"]
        return [row for row in map(Known.model_validate, items) if row.folder == folder]

    def accepted(self, taken: Sequence[tuple[Entry, CaptureAccepted]]) -> None:
        """The gateway took these."""
        body = [
            {"id": entry.id, "capture_id": answer.capture_id, "epoch": answer.epoch, "ended": answer.ended}
            for entry, answer in taken
        ]
        self._tell("accepted", body)

    def refused(self, refused: Sequence[tuple[Entry, str]]) -> None:
        """The gateway refused these, with the causes."""
        self._tell("refused", [{"id": entry.id, "cause": cause} for entry, cause in refused])

    def resync(self, entry: Entry, last_capture_id: str | None, last_sha256: str | None) -> None:
        """The gateway knows another predecessor."""
        self._tell("resync", {"id": entry.id, "last_capture_id": last_capture_id, "last_sha256": last_sha256})

    def ended(self, epoch: int, following: int, captures: Sequence[str], kept: int | None = None) -> None:
        """The record holds the end of these captures; `following` is the feed's next cursor, `kept` as in the feed."""
        self._tell("ended", {"epoch": epoch, "next": following, "captures": list(captures), "kept": kept})

    def scan(self) -> None:
        """Look now, and let refused entries try again."""
        self._watcher.request("POST", "/api/v2/scan", read_s=300)

    def _tell(self, what: str, body: Any) -> None:
        if body:
            self._watcher.request("POST", f"/api/v2/journal/{what}", json=body)
