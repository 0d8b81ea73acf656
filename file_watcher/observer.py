"""Hearing of changes: watchdog's events of each folder, turned into wakes; a folder that comes back is watched anew."""

import logging
import os
import sys
from collections.abc import Callable
from typing import Any, Final

from watchdog.events import (
    DirCreatedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
)
from watchdog.observers import Observer

from file_watcher import metrics
from file_watcher.completion import Touch, fingerprint_of
from file_watcher.folder import Folder
from file_watcher.wakes import Wakes
from labrelay.telemetry import logger

HEARD = [FileClosedEvent, FileCreatedEvent, FileModifiedEvent, FileMovedEvent, DirCreatedEvent, DirMovedEvent]
"""Not opening and closing without writing: our own hashing does that."""
CLOSES_ARE_HEARD: Final = sys.platform.startswith("linux")
"""Only inotify tells when a writer closes its file."""
_log = logger("file_watcher.observer")


class Ear:
    """Watchdog's handler of one folder; runs in watchdog's thread and only takes notes."""

    def __init__(self, folder: Folder, wakes: Wakes) -> None:
        self._folder = folder
        self._wakes = wakes

    def dispatch(self, event: Any) -> None:
        """Note one event."""
        whole = os.fsdecode(event.dest_path or event.src_path)
        path = self._folder.relative(whole)
        if path is None:
            return
        if event.is_directory:
            self._wakes.scan(self._folder.name, path)
            return
        self._wakes.touch(self._folder.name, path, _touch_of(event, whole))


def _touch_of(event: Any, whole: str) -> Touch:
    if isinstance(event, FileClosedEvent):
        return Touch(vouched=fingerprint_of(whole), certain=True)
    if isinstance(event, FileModifiedEvent):
        return Touch(writing=CLOSES_ARE_HEARD)
    seen = fingerprint_of(whole)  # a new and empty file has just been opened; one with content was moved here
    return Touch(certain=True, writing=CLOSES_ARE_HEARD and seen is not None and seen.size == 0)


class Watches:
    """The system's watches, one a folder. A folder without one is still found by scans.

    Args:
        wakes: where events go.
    """

    def __init__(self, wakes: Wakes) -> None:
        self._wakes = wakes
        self._observer = Observer()
        self._watches: dict[str, tuple[Any, tuple[int, int]]] = {}
        self._overflow = _Overflow(self._lost)

    def start(self) -> None:
        """Begin to listen."""
        self._observer.start()
        logging.getLogger("watchdog").addHandler(self._overflow)

    def stop(self) -> None:
        """Stop listening."""
        logging.getLogger("watchdog").removeHandler(self._overflow)
        self._observer.stop()
        self._observer.join(5.0)

    def watched(self, folder: Folder) -> bool:
        """Whether events of this folder are heard."""
        return folder.name in self._watches

    def ensure(self, folder: Folder) -> None:
        """Watch the folder that stands there now; one that went away, or was mounted anew, loses its old watch."""
        identity = folder.identity()
        if folder.name in self._watches:
            watch, watched = self._watches[folder.name]
            if watched == identity and self._is_alive(watch):
                return
            self._drop(folder)
        if identity is not None:
            self._add(folder, identity)

    def _is_alive(self, watch: Any) -> bool:
        """Whether watchdog's thread for it still runs; it ends silently when something goes wrong in it."""
        return any(each.watch == watch and each.is_alive() for each in self._observer.emitters)

    def _add(self, folder: Folder, identity: tuple[int, int]) -> None:
        ear = Ear(folder, self._wakes)
        try:
            watch = self._observer.schedule(ear, str(folder.root), recursive=folder.rule.recursive, event_filter=HEARD)
        except OSError as error:  # e.g. no inotify watches left: scans go on finding everything
            _log.warning("folder isn't watched, only scanned", folder=folder.name, cause=str(error))
            return
        self._watches[folder.name] = (watch, identity)

    def _drop(self, folder: Folder) -> None:
        watch, _ = self._watches.pop(folder.name)
        try:
            self._observer.unschedule(watch)
        except (KeyError, OSError) as error:
            _log.info("old watch was gone already", folder=folder.name, cause=str(error))

    def _lost(self) -> None:
        metrics.OVERFLOWS.inc()
        self._wakes.scan_all()


class _Overflow(logging.Handler):
    """Watchdog (7.1) tells of lost events only in its log; whoever relies on events must hear it."""

    def __init__(self, lost: Callable[[], None]) -> None:
        super().__init__(logging.WARNING)
        self._lost = lost

    def emit(self, record: logging.LogRecord) -> None:
        if "overflow" in record.getMessage().lower():
            self._lost()
