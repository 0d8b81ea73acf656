"""The watcher: all watched folders of this side, each looked after by a thread of its own, and their one journal."""

import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from typing import Final

from file_watcher.acceptance import Acceptances
from file_watcher.bell import Bell
from file_watcher.database import Database
from file_watcher.folder import Folder, folders_of
from file_watcher.journal import Journal
from file_watcher.lookout import Lookout
from file_watcher.outputs import Outputs
from file_watcher.overview import Overview
from file_watcher.presence import Presence
from file_watcher.reconciler import Reconciler
from labrelay.http import Client
from labrelay.loops import OwnerLoop
from labrelay.pause import PauseFiles
from labrelay.room import room_of
from labrelay.settings import Settings
from labrelay.sqlite import OEM_DISK

SCAN_WAIT_S: Final = 30.0
"""Seconds that a caller of `scan` waits for folders that don't answer."""


class Watcher:
    """All watched folders of this side with their journal.

    Args:
        settings: the machine's settings.

    Raises:
        SettingsInvalid: two watched folders overlap.
    """

    def __init__(self, settings: Settings) -> None:
        self.folders: dict[str, Folder] = {folder.name: folder for folder in folders_of(settings)}
        self.bell = Bell()
        self._settings = settings
        self._database = Database(settings.oem_layout.journal)
        self.room = room_of(OEM_DISK, settings.oem_layout.root, settings.storage.inner)
        self.acceptances = Acceptances(self._database)
        self.overview = Overview(self._database)
        outputs = Outputs(settings.oem.output_folder, Client.of(settings, "file_receiver_oem", read_s=5.0, retries=0))
        journal, pauses = Journal(self._database), PauseFiles(settings.oem_layout)
        self.reconcilers = {
            name: Reconciler(each, journal, outputs, pauses=pauses, room=self.room)
            for name, each in self.folders.items()
        }
        self.lookouts = {name: self._lookout(each) for name, each in self.reconcilers.items()}
        self._second_tries = OwnerLoop("file-watcher", self._retry_refused, idle_s=settings.oem.rescan_s)

    def _lookout(self, reconciler: Reconciler) -> Lookout:
        presence = Presence(reconciler.folder, self._database, Journal(self._database))
        return Lookout(reconciler, presence, self._settings.oem.rescan_s, self.bell.ring)

    @property
    def trouble(self) -> str:
        """Why the last turns failed, else empty."""
        return " ".join(dict.fromkeys(each.trouble for each in self.lookouts.values() if each.trouble))

    def start(self) -> None:
        """Watch; the first turns scan everything. Only labrelay's own default folder is made where it is missing."""
        if not self._settings.oem.folders:
            next(iter(self.folders.values())).root.mkdir(parents=True, exist_ok=True)
        self._database.open()
        for each in self.lookouts.values():
            each.start()
        self._second_tries.start()

    def stop(self) -> None:
        """Stop; what isn't written down yet is found again at the next start."""
        self._second_tries.stop()
        for each in self.lookouts.values():
            each.stop()
        self._database.close()

    def scan(self, *, emptied: bool = False, wait_s: float = SCAN_WAIT_S) -> int:
        """Compare all folders with the journal and let refused entries try again.

        Args:
            emptied: folders that are empty are meant to be.
            wait_s: seconds after which folders that haven't answered are left to themselves.

        Returns:
            The number of files seen.
        """
        if emptied:
            for each in self.lookouts.values():
                each.trust()
        ends = time.monotonic() + wait_s
        answers = [each.scan() for each in self.lookouts.values()]
        self._retry_refused()
        return sum(_answer(each, ends) for each in answers)

    def _retry_refused(self) -> bool:
        if self.acceptances.retry_refused():
            self.bell.ring()
        return False


def _answer(scan: Future[int], ends: float) -> int:
    try:
        return scan.result(max(0.0, ends - time.monotonic()))
    except Late:
        return 0
