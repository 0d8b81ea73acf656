"""Is a folder away? The watcher remembers, also after a restart, which folder files were seen in."""

from labrelay.errors import LabrelayError
from labrelay.http import Client
from labrelay.settings import Settings


class Absences:
    """What the watcher of this side says of its folders.

    Args:
        settings: the machine's settings.
    """

    def __init__(self, settings: Settings) -> None:
        self._watcher = Client.of(settings, "file_watcher", read_s=5.0, retries=0)

    def of(self, folder: str) -> str:
        """Why a folder can't be looked at; empty when it can, or when the watcher doesn't answer."""
        try:
            told = self._watcher.get("/api/v2/status")["folders"]
        except LabrelayError:
            return ""
        return next((str(each["unreachable"]) for each in told if each["name"] == folder), "")
