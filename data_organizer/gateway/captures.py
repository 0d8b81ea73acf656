"""Pushed captures in the job repository: the same path with the same content is always the same capture."""

from typing import Final

from data_organizer.gateway.errors import PushOvertaken
from labrelay.contracts.base import Lenient
from labrelay.contracts.captures import Announcement, CaptureAccepted
from labrelay.errors import Conflict
from labrelay.http import Client

TRIES: Final = 8


class _Known(Lenient):
    predecessor: str | None


class Captures:
    """Announces pushes. A client keeps no journal, so the repository's own captures say what came before.

    Args:
        client: calls to the job repository.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def announce(self, announcement: Announcement) -> CaptureAccepted:
        """The capture of (instrument, folder, path, digest): a new one, else the one that it became before.

        Raises:
            PushOvertaken: the path gets other contents all the time.
            ServiceUnavailable: the repository doesn't answer.
        """
        told = announcement
        for _ in range(TRIES):
            try:
                answer = self._client.post("/api/v2/captures", told.model_dump(mode="json"))
                return CaptureAccepted.model_validate(answer)
            except Conflict as conflict:
                if "last_capture_id" not in conflict.extra:
                    raise
                predecessor = self._predecessor(announcement, conflict.extra["last_capture_id"])
                told = announcement.model_copy(update={"predecessor": predecessor})
        raise PushOvertaken(f"{announcement.path} gets other contents at this moment.")

    def stored(self, capture_id: str, told: Announcement) -> None:
        """Tell that the bytes stand in the input store."""
        body = {"size": told.size, "sha256": told.sha256}
        self._client.post(f"/api/v2/captures/{capture_id}/stored", body)

    def _predecessor(self, announcement: Announcement, last: str | None) -> str | None:
        """What this content followed when it first came; new contents follow the path's last capture."""
        key = announcement.model_dump(include={"instrument", "folder", "path", "sha256"})
        items = self._client.get("/api/v2/captures", params=key)["items"]
        return _Known.model_validate(items[0]).predecessor if items else last
