"""Collects what changed until the next cut; a job that changes a thousand times counts once."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from labrelay.contracts.plates import PLATE_FINISHED
from labrelay.contracts.states import Stage
from labrelay.contracts.tiles import Tile

MANY: Final = 1000
"""Jobs that one cut tells of, each by its tile; beyond, pages read themselves anew."""

JOBS: Final = "jobs"
PLATES: Final = "plates"
FAILURES: Final = "failures"
RESULTS: Final = "results"
INSTRUMENTS: Final = "instruments"
PAUSES: Final = "pauses"
ALARMS: Final = "alarms"

_OUT_OF_FAILURE: Final = frozenset({"retry", "reprocess", "cancel", "supersede", "edit", "restored"})


@dataclass(frozen=True)
class Cut:
    """What changed since the cut before.

    Attributes:
        seq: the newest running number.
        tiles: the jobs that changed, each once as it is now, oldest change first.
        topics: what a page may have to read anew.
        many: more changed than is told, or events may have been missed: all pages must be read anew.
    """

    seq: int
    tiles: tuple[Tile, ...] = ()
    topics: frozenset[str] = frozenset()
    many: bool = False


class Changes:
    """What changed and was not told yet. Safe to use from several threads.

    Args:
        begun: called with the first change after a take.
    """

    def __init__(self, begun: Callable[[], None] = lambda: None) -> None:
        self._begun = begun
        self._lock = threading.Lock()
        self._seq = 0
        self._tiles: dict[str, Tile] = {}
        self._topics: set[str] = set()
        self._many = False
        self._since_s: float | None = None

    @property
    def waiting_s(self) -> float:
        """For how long the oldest change has been waiting to be told, seconds."""
        since_s = self._since_s
        return 0.0 if since_s is None else time.monotonic() - since_s

    def note(self, event: Mapping[str, Any]) -> None:
        """A step of a job, with the job's tile where it is the job's newest."""
        told = event.get("tile")
        tile = Tile.model_validate(told, extra="ignore") if told else None
        with self._lock:
            self._begin(int(event["seq"]))
            self._topics |= _topics(str(event.get("step", "")), tile)
            if tile is not None:
                self._tiles.pop(tile.id, None)
                self._tiles[tile.id] = tile
            if len(self._tiles) > MANY:
                self._many = True
                self._tiles.clear()

    def note_topics(self, *topics: str) -> None:
        """Something changed that no job's event tells of."""
        with self._lock:
            self._begin(self._seq)
            self._topics.update(topics)

    def note_all(self, seq: int | None = None) -> None:
        """Anything may have changed."""
        with self._lock:
            self._begin(self._seq if seq is None else seq)
            self._many = True

    def take(self) -> Cut | None:
        """Everything since the last take, or None when nothing changed."""
        with self._lock:
            if self._since_s is None:
                return None
            tiles = () if self._many else tuple(self._tiles.values())
            cut = Cut(self._seq, tiles, frozenset(self._topics), self._many)
            self._tiles, self._topics, self._many, self._since_s = {}, set(), False, None
        return cut

    def _begin(self, seq: int) -> None:
        self._seq = seq
        if self._since_s is None:
            self._since_s = time.monotonic()
            self._begun()


def _topics(step: str, tile: Tile | None) -> set[str]:
    topics = {PLATES} if step == PLATE_FINISHED or (tile and tile.plate) else set()
    if tile is None:
        return topics
    topics.add(JOBS)
    if tile.stage is Stage.COMPLETE:
        topics.add(RESULTS)
    if tile.stage is Stage.FAILED or step in _OUT_OF_FAILURE:
        topics.add(FAILURES)
    return topics
