"""A word at the start of the instrument's side when a folder that it watches is full already."""

import time
from typing import Any, Final

from labrelay.errors import LabrelayError
from labrelay.http.client import Client
from labrelay.settings import Settings

MANY: Final = 10_000
"""Files above which a first look is worth a word."""
LOOK_S: Final = 3.0
GIVE_UP_S: Final = 1800.0
"""A folder that is away has no first look."""
UNITS: Final = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


class Notice:
    """Says at the start, as soon as the watcher knows it, where many files are there already; nothing waits for it.

    Args:
        settings: the machine's settings.
    """

    def __init__(self, settings: Settings) -> None:
        self._watcher = Client.of(settings, "file_watcher", retries=0)
        self._awaited = {folder.name for folder in settings.folders}
        self._next_look = 0.0
        self._ends = time.monotonic() + GIVE_UP_S

    def lines(self) -> list[str]:
        """What there is to say now: one line for each folder whose first look has many files to take."""
        if not self._awaited or not self._next_look <= time.monotonic() <= self._ends:
            return []
        self._next_look = time.monotonic() + LOOK_S
        looks = [(each["name"], each["first_look"]) for each in self._folders() if each["first_look"]]
        told = [_notice(name, look) for name, look in looks if name in self._awaited and look["of"] > MANY]
        self._awaited -= {name for name, _ in looks}
        return told

    def _folders(self) -> list[dict[str, Any]]:
        try:
            folders: list[dict[str, Any]] = self._watcher.get("/api/v2/status", read_s=5)["folders"]
        except LabrelayError:  # it is busy or being restarted: the next look will tell
            return []
        return folders


def _notice(name: str, look: dict[str, Any]) -> str:
    amounts = f"{look['files']:,} files are there, {look['of']:,} of them new ({amount(look['bytes_left'])})"
    return f"[yellow]first look[/] {name}: {amounts}; new images go first (`labrelay preview` tells more)"


def amount(number: float) -> str:
    """Bytes in a unit that people read."""
    return next((f"{number / size:.1f} {unit}" for size, unit in UNITS if number >= size), f"{number:.0f} bytes")
