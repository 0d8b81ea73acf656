"""The watcher: one loop that looks where events point, scans on a timer, and writes down what is finished."""

import threading
import time

from file_watcher import metrics
from file_watcher.acceptance import Acceptances
from file_watcher.bell import Bell
from file_watcher.database import Database
from file_watcher.folder import Folder, folders_of
from file_watcher.journal import Journal
from file_watcher.observer import Watches
from file_watcher.outputs import Outputs
from file_watcher.overview import Overview
from file_watcher.reconciler import Reconciler
from file_watcher.wakes import Round, Wakes
from labrelay.loops import OwnerLoop
from labrelay.settings import Settings


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
        self._database = Database(settings.oem_layout.journal)
        self.acceptances = Acceptances(self._database)
        self.overview = Overview(self._database)
        outputs = Outputs(settings.oem.output_folder, settings.service_url("file_receiver_oem"))
        journal = Journal(self._database)
        self.reconcilers = {name: Reconciler(each, journal, outputs) for name, each in self.folders.items()}
        self._makes_folder = not settings.oem.folders
        self._rescan_s = settings.oem.rescan_s
        self._next_scan = 0.0
        self._lock = threading.RLock()
        self._wakes = Wakes()
        self._watches = Watches(self._wakes)
        self._loop = OwnerLoop("file-watcher", self.turn)

    @property
    def trouble(self) -> str:
        """Why the last turn failed, else empty."""
        return self._loop.trouble

    def start(self) -> None:
        """Watch; the first turn scans everything. Only labrelay's own default folder is made where it is missing."""
        if self._makes_folder:
            next(iter(self.folders.values())).root.mkdir(parents=True, exist_ok=True)
        self._database.open()
        self._watches.start()
        self._loop.start()

    def stop(self) -> None:
        """Stop; what isn't written down yet is found again at the next start."""
        self._wakes.close()
        self._loop.stop()
        self._watches.stop()
        self._database.close()

    def watched(self, folder: Folder) -> bool:
        """Whether events of this folder are heard."""
        return self._watches.watched(folder)

    def turn(self) -> bool:
        """Wait for something to do, and do it."""
        asked = self._wakes.take(self._pause())
        with self._lock:
            if asked.whole or time.monotonic() >= self._next_scan:
                self.scan()
            self._look(asked)
            new = sum(each.settle() for each in self.reconcilers.values())
        for name, each in self.reconcilers.items():
            metrics.WAITING.labels(name).set(each.waiting)
        if new:
            self.bell.ring()
        return True

    def scan(self) -> int:
        """Compare all folders with the journal and let refused entries try again; the number of files seen."""
        with self._lock, metrics.SCAN_SECONDS.time():
            count = sum(self._scan_folder(each) for each in self.reconcilers.values())
            self._next_scan = time.monotonic() + self._rescan_s
            retried = self.acceptances.retry_refused()
        self._wakes.nudge()
        if retried:
            self.bell.ring()
        return count

    def _scan_folder(self, reconciler: Reconciler) -> int:
        folder = reconciler.folder
        if folder.identity() is None:  # away isn't empty: nothing is concluded from it
            self._watches.ensure(folder)
            return 0
        reconciler.begin()
        self._watches.ensure(folder)
        return reconciler.scan()

    def _look(self, asked: Round) -> None:
        for (name, path), touch in asked.touches.items():
            self.reconcilers[name].touched(path, touch)
        for name, below in asked.scans:
            if self.folders[name].filter.enters(below):
                self.reconcilers[name].scan(below)

    def _pause(self) -> float:
        with self._lock:
            due = min(each.next_due() for each in self.reconcilers.values())
        return max(0.0, min(due, self._next_scan - time.monotonic()))
