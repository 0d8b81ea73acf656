"""What this side watches, told to the gateway: when it changes, and now and then as the gateway keeps it in memory."""

import time
from typing import Final

from data_organizer.journal import Journal
from labrelay.contracts.instruments import MOST_FOLDERS, MOST_TROUBLES, FolderThere, WatchingThere
from labrelay.errors import RequestRefused
from labrelay.http import Client
from labrelay.settings import Settings

EVERY_S: Final = 30.0
LONGEST: Final = 500


class Watching:
    """Tells which folders are watched and what is wrong with them.

    Args:
        journal: the watcher's.
        settings: the machine's settings.
        every_s: it is told again after so long, seconds.
    """

    def __init__(self, journal: Journal, settings: Settings, every_s: float = EVERY_S) -> None:
        self._journal = journal
        self._edge = Client.of_edge(settings, retries=0)
        self._instrument = settings.oem.instrument
        self._every_s = every_s
        self._told: WatchingThere | None = None
        self._told_s = float("-inf")

    def turn(self) -> bool:
        """Look, and tell what is new.

        Raises:
            ServiceUnavailable: the watcher or the gateway doesn't answer.
        """
        seen = self._look()
        if seen != self._told or time.monotonic() - self._told_s > self._every_s:
            self._tell(seen)
            self._told, self._told_s = seen, time.monotonic()
        return False

    def _look(self) -> WatchingThere:
        status = self._journal.folders()
        folders = tuple(
            FolderThere(
                name=each.name[:64],
                path=each.path[:4096],
                unreachable=each.unreachable[:LONGEST],
                troubles=tuple(told[:LONGEST] for told in each.troubles[:MOST_TROUBLES]),
                waiting=each.waiting,
            )
            for each in status.folders[:MOST_FOLDERS]
        )
        return WatchingThere(instrument=self._instrument, folders=folders, trouble=status.trouble[:LONGEST])

    def _tell(self, seen: WatchingThere) -> None:
        try:
            self._edge.request("POST", "/edge/v2/captures/watching", json=seen.model_dump(mode="json"))
        except RequestRefused:  # a gateway of an older version doesn't ask for it
            return
