"""A thread for each watched folder, so that a share that is slow or dead delays no other folder."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final

from file_watcher import metrics
from file_watcher.observer import Hearing
from file_watcher.policies import policy_of
from file_watcher.presence import Presence
from file_watcher.reconciler import Reconciler
from file_watcher.wakes import Round, Wakes
from labrelay.loops import OwnerLoop

STEP_S: Final = 0.25
"""Seconds of scanning after which events have their turn."""
REBUILT_S: Final = 2.0
"""Watchdog tells of lost events before it has made its watches anew; after this they surely are."""


@dataclass
class Scan:
    """A scan under way.

    Attributes:
        steps: number of files seen so far, after each step.
        answers: who waits for its end.
    """

    steps: Iterator[int]
    answers: list[Future[int]]
    begun: float = field(default_factory=time.monotonic)
    seen: int = 0


class Lookout:
    """Looks where events point, scans on a timer, and writes down what is finished.

    Args:
        reconciler: the folder's reconciler; nobody else calls it from now on.
        presence: tells whether the folder is there.
        rescan_s: seconds between two scans where events are heard.
        found: called when the journal has something new.
    """

    def __init__(self, reconciler: Reconciler, presence: Presence, rescan_s: float, found: Callable[[], None]) -> None:
        self.folder = reconciler.folder
        self.reconciler = reconciler
        self.polled = False
        self._presence = presence
        self._rescan_s = rescan_s
        self._found = found
        self._wakes = Wakes()
        self._hearing = Hearing(self.folder, self._wakes)
        self._scan: Scan | None = None
        self._answers: list[Future[int]] = []
        self._next_scan = 0.0
        self._loop = OwnerLoop(f"file-watcher-{self.folder.name}", self.turn)

    @property
    def watched(self) -> bool:
        """Whether events of the folder are heard."""
        return self._hearing.on

    @property
    def unreachable(self) -> str:
        """Why the folder can't be looked at, else empty."""
        silence = self.folder.pulse.silence
        return f"{self.folder.root} gives {silence}." if silence else self._presence.absence

    @property
    def trouble(self) -> str:
        """Why the last turn failed, else empty."""
        return self._loop.trouble

    def start(self) -> None:
        """Begin; the first turn scans everything."""
        self._loop.start()

    def stop(self) -> None:
        """Stop; a call to a dead share, which never returns, is left to the process's end."""
        self._wakes.close()
        self._loop.stop()
        self._hearing.stop()

    def scan(self) -> Future[int]:
        """Have everything looked at; the answer is the number of files seen."""
        return self._wakes.scan_all()

    def trust(self) -> None:
        """An empty folder is meant to be empty."""
        self._presence.trust()

    def turn(self) -> bool:
        """Wait for something to do, and do it."""
        asked = self._wakes.take(self._pause())
        self.folder.pulse.beat(str(self.folder.root))
        try:
            self._work(asked)
        except Exception:
            self._next_scan = 0.0  # what was asked for may be forgotten now: the next scan finds it
            raise
        finally:
            self.folder.pulse.rest()
        metrics.WAITING.labels(self.folder.name).set(self.reconciler.waiting)
        return True

    def _work(self, asked: Round) -> None:
        self._answers += asked.answers
        if asked.whole:
            self._next_scan = 0.0
        if self._scan is None and (self.reconciler.wants_scan or time.monotonic() >= self._next_scan):
            self._scan, self._answers = Scan(self._steps(), self._answers), []
            self._next_scan = float("inf")
        self._look(asked)
        if self._scan is not None:
            self._advance(self._scan)
        if asked.lost:
            self._next_scan = min(self._next_scan, time.monotonic() + REBUILT_S)
        if self.reconciler.settle():
            self._found()
            if self._presence.empty:
                self._presence.look()

    def _steps(self) -> Iterator[int]:
        identity = self._presence.look()
        self.polled = self.folder.polled
        self._hearing.ensure(None if self.polled else identity)
        if self._presence.absence:  # away isn't empty: nothing is concluded from it
            return
        self.reconciler.policy = policy_of(self.folder.rule, closes_are_heard=self.folder.closes_are_heard)
        for _ in self.reconciler.beginning():
            yield 0
        yield from self.reconciler.scanning()

    def _advance(self, scan: Scan) -> None:
        """Go on with a scan; its errors are its callers' too."""
        ends = time.monotonic() + STEP_S
        try:
            for seen in scan.steps:
                scan.seen = seen
                if time.monotonic() > ends:
                    return
        except Exception as error:
            self._end_scan(scan)
            for each in scan.answers:
                each.set_exception(error)
            raise
        self._end_scan(scan)
        for each in scan.answers:
            each.set_result(scan.seen)

    def _end_scan(self, scan: Scan) -> None:
        """The next one is due after the folder's time, but so that scans take a tenth of the time at most.

        Where nothing else finds changes they may take the half of it.
        """
        took = time.monotonic() - scan.begun
        metrics.SCAN_SECONDS.labels(self.folder.name).observe(took)
        self._scan = None
        self._next_scan = min(
            self._next_scan, time.monotonic() + max(took * (9 if self.watched else 1), self._interval())
        )

    def _interval(self) -> float:
        poll_s = self.folder.rule.poll_s
        if self.polled:
            return poll_s
        heard = self.watched and not self._presence.absence
        return self._rescan_s if heard else min(poll_s, self._rescan_s)

    def _look(self, asked: Round) -> None:
        markers = {path for path in asked.touches if self.folder.filter.is_marker(path)}
        for path, touch in asked.touches.items():
            if path not in markers:
                self.reconciler.touched(path, touch)
        if markers:
            self.reconciler.marked(markers)
        for below in asked.outermost:
            if self.folder.filter.enters(below):
                self.reconciler.scan(below)

    def _pause(self) -> float:
        if self._scan is not None or self.reconciler.wants_scan:
            return 0.0
        return max(0.0, min(self.reconciler.next_due(), self._next_scan - time.monotonic()))
