"""Sends what changed to all open pages: at most five messages a second, the same bytes to all."""

import time
from collections.abc import AsyncIterator
from typing import Any, Final

from dashboard.audience import Audience, Reader
from dashboard.bulletins import event
from dashboard.changes import ALARMS, INSTRUMENTS, PAUSES, Changes
from dashboard.repository import Counts, Repository
from dashboard.tally import Tally
from dashboard.upstream import Upstream
from labrelay.http import Client
from labrelay.loops import OwnerLoop

CUT_S: Final = 0.2
"""Between two messages at the least; the first change after a pause is told almost at once."""
GATHER_S: Final = 0.03
"""Changes come in batches: so long after the first of one, the rest of it has come too."""
LOOK_S: Final = 2.0
RECOUNT_S: Final = 30.0
"""Also without an event an instrument stops to run, or isn't heard any more."""
BEAT_S: Final = 3.0
FRESH_S: Final = 8.0
"""The repository gives a sign every three seconds; who heard none for so long doesn't know how things are."""


class Hub:
    """One upstream subscription in, any number of open pages out."""

    def __init__(self, client: Client, repository: Repository) -> None:
        self._repository = repository
        self._changes = Changes(lambda: self._cutter.wake())
        self._upstream = Upstream(client, self._changes)
        self._audience = Audience()
        self._tally = Tally(self._counts)
        self._cutter = OwnerLoop("dashboard-cutter", self._cut, idle_s=CUT_S)
        self._pauses = OwnerLoop("dashboard-pauses", self._look, idle_s=LOOK_S)
        self._paused: dict[str, Any] = {}
        self._alarmed: frozenset[tuple[int, str]] = frozenset()
        self._shown: set[tuple[str, bool]] = set()
        self._was_connected = False
        self._due = 0.0

    @property
    def seq(self) -> str:
        """The mark up to which open pages have been told; a page says it when it begins to follow."""
        return self._audience.mark

    def start(self) -> None:
        """Begin to follow the repository."""
        self._upstream.start()
        self._tally.start()
        self._cutter.start()
        self._pauses.start()

    def stop(self) -> None:
        """End all threads."""
        self._pauses.stop()
        self._tally.stop()
        self._upstream.stop()
        self._cutter.stop()

    def refresh(self, *topics: str) -> None:
        """Something changed that no job's event tells of: pages read what shows these topics anew, without any, all."""
        if topics:
            self._changes.note_topics(*topics)
        else:
            self._changes.note_all()

    async def follow(self, since: str, language: str) -> AsyncIterator[bytes]:
        """Events for one page until it is closed.

        Args:
            since: the mark that the page was drawn at, or of the last message that it got.
            language: what its texts are written in.
        """
        reader = Reader(language)
        try:
            for message in await self._audience.join(reader, since):
                yield message
            self._tally.ask()
            yield self._beat()
            while True:
                yield await reader.next(BEAT_S) or self._beat()
        finally:
            self._audience.leave(reader)

    def _beat(self) -> bytes:
        """How old what pages show may be: a page that hears nothing else still learns that all stands still."""
        age_s = max(time.monotonic() - self._upstream.heard_s, self._changes.waiting_s, self._tally.waiting_s)
        fresh = self._upstream.connected and age_s < FRESH_S
        return event("beat", self._audience.mark, {"fresh": fresh, "age_ms": round(1000 * age_s)})

    def _cut(self) -> bool:
        self._await_batch()
        if self._upstream.connected is not self._was_connected:
            self._was_connected = self._upstream.connected
            self._audience.beat()
        cut, counts = self._changes.take(), self._tally.take()
        if cut is not None or counts is not None:
            self._due = time.monotonic() + CUT_S
            self._audience.publish(cut, counts)
        if cut is not None and self._audience.somebody:
            self._tally.ask()
        return False

    def _await_batch(self) -> None:
        gathered = self._changes.waiting_s
        rest = GATHER_S - gathered if gathered else 0.0
        time.sleep(max(0.0, rest, self._due - time.monotonic()))

    def _counts(self) -> Counts:
        counts = self._repository.counts()
        shown = {(each.name, each.silent) for each in counts.instruments}
        if shown != self._shown:
            self._shown = shown
            self._changes.note_topics(INSTRUMENTS)
        return counts

    def _look(self) -> bool:
        """Pauses, alarms and silence are no jobs' events: they are asked for while somebody looks."""
        if self._audience.somebody:
            self._tally.refresh(RECOUNT_S)
            paused, alarmed = self._repository.paused(), self._repository.alarmed()
            if self._alarmed != alarmed:
                self._alarmed = alarmed
                self._changes.note_topics(ALARMS, INSTRUMENTS)
            if self._paused != paused:
                self._paused = paused
                self._changes.note_topics(PAUSES, INSTRUMENTS)
        return False
