"""Hearing of changes: watchdog's events of a folder, turned into wakes; a folder that comes back is heard anew."""

import logging
import os
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
from file_watcher.folder import CLOSES_ARE_HEARD, Folder, Identity
from file_watcher.wakes import Wakes
from labrelay.telemetry import logger

HEARD = [FileClosedEvent, FileCreatedEvent, FileModifiedEvent, FileMovedEvent, DirCreatedEvent, DirMovedEvent]
"""Not opening and closing without writing: our own hashing does that. Not attributes: they are no content."""
STOP_S: Final = 5.0
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
            self._wakes.scan(path)
            return
        self._wakes.touch(path, _touch_of(event, whole))


def _touch_of(event: Any, whole: str) -> Touch:
    if isinstance(event, FileClosedEvent):
        return Touch(vouched=fingerprint_of(whole), certain=True)
    if isinstance(event, FileModifiedEvent):
        return Touch(writing=CLOSES_ARE_HEARD)
    if isinstance(event, FileMovedEvent):
        return Touch(certain=True)
    seen = fingerprint_of(whole)  # a new and empty file has just been opened; one with content was moved here
    return Touch(certain=True, writing=CLOSES_ARE_HEARD and seen is not None and seen.size == 0)


class Hearing:
    """The system's events of one folder, in threads and with a queue of its own. Without them scans find everything.

    Args:
        folder: the watched folder.
        wakes: where events go.
    """

    def __init__(self, folder: Folder, wakes: Wakes) -> None:
        self._folder = folder
        self._wakes = wakes
        self._heard: tuple[Any, Identity] | None = None
        self._overflow = _Overflow(self._lost)

    @property
    def on(self) -> bool:
        """Whether events are heard."""
        return self._heard is not None

    def ensure(self, identity: Identity | None) -> None:
        """Hear the folder that stands there now; one that went away, or was mounted anew, isn't heard any more."""
        if self._heard is not None and (self._heard[1] != identity or not _is_alive(self._heard[0])):
            self.stop()
        if self._heard is None and identity is not None:
            self._begin(identity)

    def stop(self) -> None:
        """Hear nothing more."""
        if self._heard is None:
            return
        observer, _ = self._heard
        self._heard = None
        logging.getLogger("watchdog").removeHandler(self._overflow)
        observer.stop()
        observer.join(STOP_S)

    def _begin(self, identity: Identity) -> None:
        try:
            self._heard = self._new_observer(), identity
        except OSError as error:  # e.g. the system has no watches left: scans go on finding everything
            _log.warning("folder isn't heard, only scanned", folder=self._folder.name, cause=str(error))
            return
        logging.getLogger("watchdog").addHandler(self._overflow)

    def _new_observer(self) -> Any:
        observer = Observer()
        ear, recursive = Ear(self._folder, self._wakes), self._folder.rule.recursive
        observer.schedule(ear, str(self._folder.root), recursive=recursive, event_filter=HEARD)
        try:
            observer.start()
        except OSError:
            observer.stop()
            raise
        return observer

    def _lost(self) -> None:
        metrics.OVERFLOWS.inc()
        self._wakes.lose()


def _is_alive(observer: Any) -> bool:
    """Whether all its threads still run; they end silently when something goes wrong in them."""
    return bool(observer.is_alive() and observer.emitters and all(each.is_alive() for each in observer.emitters))


class _Overflow(logging.Handler):
    """Watchdog (7.1) tells of lost events only in its log; whoever relies on events must hear it."""

    def __init__(self, lost: Callable[[], None]) -> None:
        super().__init__(logging.WARNING)
        self._lost = lost

    def emit(self, record: logging.LogRecord) -> None:
        if "overflow" in record.getMessage().lower():
            self._lost()
