"""What the organizer says of a file, and what an answer of the gateway means for the journal."""

from dataclasses import dataclass

from pydantic import ValidationError

from data_organizer.attributes import AttributeParser
from data_organizer.journal import Entry
from labrelay.contracts.attributes import Attributes
from labrelay.contracts.captures import Announcement, CaptureAccepted
from labrelay.errors import Conflict, LabrelayError, RequestRefused, Unprocessable
from labrelay.http import Client
from labrelay.settings import Settings


@dataclass(frozen=True)
class Mismatch:
    """The gateway's last capture of the path is another than the announced predecessor; None: there is none."""

    last_capture_id: str | None
    last_sha256: str | None


class Gateway:
    """The gateway as the organizer sees it, through the one edge address.

    Args:
        settings: the machine's settings.
    """

    def __init__(self, settings: Settings) -> None:
        self._edge = Client(settings.edge_url, tls=settings.oem.tls, retries=1)
        self._parser = AttributeParser(settings.oem.attributes)
        self._settings = settings

    def announcement(self, entry: Entry) -> Announcement:
        """An entry as the gateway hears of it: fixed attributes, and those of the name over them.

        Raises:
            Unprocessable: the file can't be announced as it is called.
        """
        name = entry.path.rpartition("/")[2]
        try:
            return Announcement(
                instrument=self._settings.oem.instrument,
                host=self._settings.oem.hostname,
                attributes={**entry.attributes, **self._parser.parse(name)},
                **entry.model_dump(exclude={"id", "attributes"}),
            )
        except ValidationError as error:
            raise Unprocessable(f"{entry.path}: {error.errors()[0]['msg']}", next_step="Rename the file.") from error

    def attributes(self, path: str, folder: str = "") -> Attributes:
        """Attributes of a file that needs not exist; without `folder` those of the first watched folder."""
        fixed = {each.name: each.attributes for each in self._settings.folders}
        chosen = fixed.get(folder) if folder else next(iter(fixed.values()))
        return {**(chosen or {}), **self._parser.parse(path.rpartition("/")[2])}

    def announce(self, announcement: Announcement) -> CaptureAccepted | Mismatch:
        """Announce; repeating it gets the same answer.

        Raises:
            RequestRefused: the gateway won't take it, now or later.
            LabrelayError: it may take it later.
        """
        try:
            answer = self._edge.post("/edge/v2/captures", announcement.model_dump(mode="json"))
        except Conflict as conflict:
            if "last_capture_id" not in conflict.extra:
                raise
            return Mismatch(conflict.extra["last_capture_id"] or None, conflict.extra.get("last_sha256") or None)
        return CaptureAccepted.model_validate(answer)


def refused_for_good(error: LabrelayError) -> bool:
    """Whether repeating the same announcement can't help."""
    return isinstance(error, RequestRefused) and not error.retryable
