"""What the organizer says of a file, and what an answer of the gateway means for the journal."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from data_organizer.journal import Entry
from labrelay.contracts.captures import Announcement, CaptureAccepted
from labrelay.errors import CaptureOfAnother, Conflict, LabrelayError, NotFound, RequestRefused, Unprocessable
from labrelay.http import Client
from labrelay.plates import FolderReader, Reading, readers_of
from labrelay.settings import Settings
from labrelay.settings.model import WatchedFolder


@dataclass(frozen=True)
class Mismatch:
    """The gateway's last capture of the path is another than the announced predecessor; None: there is none."""

    last_capture_id: str | None
    last_sha256: str | None


class Gateway:
    """The gateway as the organizer sees it, through the one edge address.

    Args:
        settings: the machine's settings.

    Raises:
        SettingsInvalid: a preset, pattern or rule by which names are read isn't one.
    """

    def __init__(self, settings: Settings) -> None:
        self._edge = Client.of_edge(settings, retries=1)
        self._readers = readers_of(settings)
        self._stranger = FolderReader(WatchedFolder(path=Path(), names="none"), settings.oem.attributes)
        self._settings = settings

    def announcement(self, entry: Entry) -> Announcement:
        """An entry as the gateway hears of it: fixed attributes, and those of the path over them.

        Raises:
            Unprocessable: the file can't be announced as it is called, or its name took too long to read.
        """
        reader = self._readers.get(entry.folder, self._stranger)  # a folder that left the settings since
        reading = reader.read(entry.path, entry.attributes)
        try:
            return Announcement(
                instrument=self._settings.oem.instrument,
                host=self._settings.oem.hostname,
                attributes=reading.attributes,
                **entry.model_dump(exclude={"id", "attributes"}),
            )
        except ValidationError as error:
            raise Unprocessable(f"{entry.path}: {error.errors()[0]['msg']}", next_step="Rename the file.") from error

    def reading(self, path: str, folder: str = "") -> Reading:
        """What a file would be announced with that needs not exist; without `folder` in the first watched folder.

        Raises:
            NotFound: no watched folder is called so.
            Unprocessable: its name took too long to read.
        """
        chosen = folder or next(iter(self._readers))
        if chosen not in self._readers:
            raise NotFound(f"No watched folder is called {folder!r}.", next_step="`labrelay config show` lists them.")
        return self._readers[chosen].read(path)

    def announce(self, announcement: Announcement) -> CaptureAccepted | Mismatch:
        """Announce; repeating it gets the same answer.

        What this PC announced under a name that it no longer has is another instrument's there, and becomes a capture
        of this one's own.

        Raises:
            RequestRefused: the gateway won't take it, now or later.
            LabrelayError: it may take it later.
        """
        try:
            answer = self._edge.post("/edge/v2/captures", announcement.model_dump(mode="json"))
        except CaptureOfAnother:
            if announcement.capture_id is None:
                raise
            return self.announce(announcement.model_copy(update={"capture_id": None}))
        except Conflict as conflict:
            if "last_capture_id" not in conflict.extra:
                raise
            return Mismatch(conflict.extra["last_capture_id"] or None, conflict.extra.get("last_sha256") or None)
        return CaptureAccepted.model_validate(answer)


def refused_for_good(error: LabrelayError) -> bool:
    """Whether repeating the same announcement can't help."""
    return isinstance(error, RequestRefused) and not error.retryable
