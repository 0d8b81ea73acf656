"""What the events ask the watcher to look at: repeated ones melt into one, so a burst costs one look."""

import threading
from dataclasses import dataclass, field

from file_watcher.completion import Touch


@dataclass
class Round:
    """What is to be looked at now, by folder name and path below it; `whole` asks for a scan of everything."""

    touches: dict[tuple[str, str], Touch] = field(default_factory=dict)
    scans: set[tuple[str, str]] = field(default_factory=set)
    whole: bool = False


class Wakes:
    """Filled by event threads, emptied by the watcher's loop."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._round = Round()
        self._closed = False

    def touch(self, folder: str, path: str, touch: Touch) -> None:
        """An event named a file."""
        with self._changed:
            before = self._round.touches.get((folder, path), Touch())
            self._round.touches[(folder, path)] = before.then(touch)
            self._changed.notify()

    def scan(self, folder: str, below: str) -> None:
        """A sub-folder appeared."""
        with self._changed:
            self._round.scans.add((folder, below))
            self._changed.notify()

    def scan_all(self) -> None:
        """Events were lost: look at everything."""
        with self._changed:
            self._round.whole = True
            self._changed.notify()

    def nudge(self) -> None:
        """End a waiting `take`."""
        with self._changed:
            self._changed.notify()

    def close(self) -> None:
        """No `take` waits any more."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def take(self, timeout_s: float) -> Round:
        """What came in, after waiting at most `timeout_s` seconds for something."""
        with self._changed:
            if not (self._closed or self._round != Round()):
                self._changed.wait(timeout_s)
            taken, self._round = self._round, Round()
            return taken
