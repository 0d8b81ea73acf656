"""What a folder's thread is asked to look at: repeated wakes melt into one, so a burst costs one look."""

import threading
from concurrent.futures import Future
from dataclasses import dataclass, field

from file_watcher.completion import Touch


@dataclass
class Round:
    """What is to be looked at now, by path below the folder.

    Attributes:
        touches: files that events named.
        scans: sub-folders that appeared.
        whole: look at everything.
        lost: events were lost.
        answers: who waits for the scan of everything, and for the number of files that it sees.
    """

    touches: dict[str, Touch] = field(default_factory=dict)
    scans: set[str] = field(default_factory=set)
    whole: bool = False
    lost: bool = False
    answers: list[Future[int]] = field(default_factory=list)

    @property
    def outermost(self) -> list[str]:
        """The sub-folders to scan, without those that lie in another one."""
        chosen: list[str] = []
        for path in sorted(self.scans, key=lambda path: path.split("/")):
            if not (chosen and f"{path}/".startswith(f"{chosen[-1]}/")):
                chosen.append(path)
        return chosen


class Wakes:
    """Filled by event threads and callers, emptied by the folder's thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._round = Round()
        self._closed = False

    def touch(self, path: str, touch: Touch) -> None:
        """An event named a file."""
        with self._changed:
            self._round.touches[path] = self._round.touches.get(path, Touch()).then(touch)
            self._changed.notify()

    def scan(self, below: str) -> None:
        """A sub-folder appeared."""
        with self._changed:
            self._round.scans.add(below)
            self._changed.notify()

    def scan_all(self) -> Future[int]:
        """Look at everything; the answer is the number of files seen."""
        answer: Future[int] = Future()
        with self._changed:
            self._round.whole = True
            self._round.answers.append(answer)
            self._changed.notify()
        return answer

    def lose(self) -> None:
        """Events were lost: look at everything."""
        with self._changed:
            self._round.whole = self._round.lost = True
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
