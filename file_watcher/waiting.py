"""Files that aren't finished yet, in the order in which they come due: fresh ones first, then the backlog.

The backlog is what was there before anybody listened: a file that is written now never waits behind it.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from file_watcher.completion import Candidate

FOR_EVER: Final = float("inf")
SLACK: Final = 1000
"""So many outdated places in a line are let be."""


@dataclass
class Line:
    """Candidates by path, and a heap of when they come due; places that are outdated are passed over.

    Attributes:
        candidates: by path.
        size: bytes of those that come due by themselves.
        idle: number of those that don't: they wait for an event.
    """

    candidates: dict[str, Candidate] = field(default_factory=dict)
    size: int = 0
    idle: int = 0
    _places: list[tuple[float, int, str]] = field(default_factory=list)
    _number: int = 0

    def put(self, path: str, candidate: Candidate) -> None:
        """Add a candidate, or change what is known of it."""
        self.drop(path)
        self.candidates[path] = candidate
        self._count(candidate, 1)
        self.queue(path)

    def drop(self, path: str) -> None:
        """Forget a path."""
        if (before := self.candidates.pop(path, None)) is not None:
            self._count(before, -1)

    def _count(self, candidate: Candidate, step: int) -> None:
        if candidate.due < FOR_EVER:
            self.size += step * candidate.fingerprint.size
        else:
            self.idle += step

    def queue(self, path: str) -> None:
        """Give a candidate its place, behind those that are due at the same time."""
        due = self.candidates[path].due
        if due < FOR_EVER:
            self._number += 1
            heapq.heappush(self._places, (due, self._number, path))
        if len(self._places) > 2 * len(self.candidates) + SLACK:
            self._tidy()

    def next_due(self) -> float:
        """When the first one comes due; infinite when none does."""
        while self._places and not self._holds(*self._places[0]):
            heapq.heappop(self._places)
        return self._places[0][0] if self._places else FOR_EVER

    def pop(self) -> str:
        """The first one's path; it keeps its candidate, but loses its place. Call `next_due` before."""
        return heapq.heappop(self._places)[2]

    def _holds(self, due: float, _: int, path: str) -> bool:
        candidate = self.candidates.get(path)
        return candidate is not None and candidate.due == due

    def _tidy(self) -> None:
        held = {(due, path): number for due, number, path in self._places if self._holds(due, number, path)}
        self._places = [(due, number, path) for (due, path), number in held.items()]
        heapq.heapify(self._places)


class Waiting:
    """Both lines. A path stands in one of them; once fresh it stays fresh."""

    def __init__(self) -> None:
        self._fresh = Line()
        self._backlog = Line()
        self._out: set[str] = set()

    def __len__(self) -> int:
        return len(self._fresh.candidates) + len(self._backlog.candidates)

    def __contains__(self, path: str) -> bool:
        return self.get(path) is not None

    def items(self) -> list[tuple[str, Candidate]]:
        """All paths with their candidates, fresh ones first, each line in the order of arrival."""
        return [*self._fresh.candidates.items(), *self._backlog.candidates.items()]

    @property
    def backlog(self) -> int:
        """Files in the backlog that come due by themselves."""
        return len(self._backlog.candidates) - self._backlog.idle

    @property
    def backlog_bytes(self) -> int:
        """Their bytes."""
        return self._backlog.size

    @property
    def idle(self) -> int:
        """Files in the backlog that wait for an event, such as a marker."""
        return self._backlog.idle

    def get(self, path: str) -> Candidate | None:
        """The candidate of a path."""
        return self._fresh.candidates.get(path) or self._backlog.candidates.get(path)

    def put(self, path: str, candidate: Candidate, *, fresh: bool = False) -> None:
        """Add a candidate, or change what is known of it."""
        if fresh:
            self._backlog.drop(path)
        self._out.discard(path)
        self._line(path, fresh).put(path, candidate)

    def drop(self, path: str) -> None:
        """Forget a path: it is dealt with, or gone."""
        self._fresh.drop(path)
        self._backlog.drop(path)

    def next_due(self) -> float:
        """When the first one comes due, in seconds of the candidates' clock; infinite when none does."""
        return min(self._fresh.next_due(), self._backlog.next_due())

    def due(self, now: float) -> Iterator[str]:
        """Paths that are due, fresh ones first; each is given once, until `give_back`."""
        for line in (self._fresh, self._backlog):
            while line.next_due() <= now:
                path = line.pop()
                self._out.add(path)
                yield path

    def give_back(self) -> None:
        """Those that `due` gave and that nobody dropped or put again have their place again."""
        for path in sorted(self._out):
            if path in self:
                self._line(path, fresh=False).queue(path)
        self._out.clear()

    def _line(self, path: str, fresh: bool) -> Line:
        return self._fresh if fresh or path in self._fresh.candidates else self._backlog
