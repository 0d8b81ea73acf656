"""The open pages, and the last messages that they were told: who comes back soon misses nothing."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from anyio import to_thread

from dashboard.bulletins import Bulletin, Pace
from dashboard.changes import Cut
from dashboard.repository import Counts

KEPT: Final = 20
KEPT_TILES: Final = 5000
WAITING: Final = 16


@dataclass(eq=False)
class Reader:
    """One open stream. Who can't keep up loses messages and is told to read everything anew."""

    language: str
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    queue: asyncio.Queue[bytes | None] = field(default_factory=lambda: asyncio.Queue(WAITING))

    def put(self, bulletin: Bulletin | None) -> None:
        """Hand a message over, or None: only that something is to be said of how fresh all is. In the event loop."""
        if not self.queue.full():
            self.queue.put_nowait(bulletin.encoded(self.language) if bulletin else None)
        elif bulletin is not None:
            while not self.queue.empty():
                self.queue.get_nowait()
            self.queue.put_nowait(bulletin.resync())

    async def next(self, timeout_s: float) -> bytes | None:
        """The next message; None when there is none for so long."""
        try:
            return await asyncio.wait_for(self.queue.get(), timeout_s)
        except TimeoutError:
            return None


class Audience:
    """All who read now. Messages get there from any thread, in the same order for all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._readers: set[Reader] = set()
        # After a restart no number is met again, so that nobody takes an old mark for a new one.
        self._newest = Bulletin(int(time.time()), Cut(0))
        self._kept: deque[Bulletin] = deque([self._newest], KEPT)

    @property
    def somebody(self) -> bool:
        """Whether anybody reads."""
        return bool(self._readers)

    @property
    def mark(self) -> str:
        """The mark of the newest message."""
        return self._newest.mark

    async def join(self, reader: Reader, mark: str) -> list[bytes]:
        """Take a reader in who has the message of this mark and all before; what it gets first."""
        with self._lock:
            self._readers.add(reader)
            kept = list(self._kept)
        known = next((place for place, each in enumerate(kept) if each.mark == mark), None)
        if known is None:
            return [kept[-1].resync()]
        return await to_thread.run_sync(lambda: [each.encoded(reader.language) for each in kept[known + 1 :]])

    def leave(self, reader: Reader) -> None:
        """Nobody reads this any more."""
        with self._lock:
            self._readers.discard(reader)

    def publish(self, cut: Cut | None, counts: Counts | None) -> None:
        """Tell all."""
        with self._lock:
            cut = cut or Cut(self._newest.cut.seq)
            bulletin = Bulletin(self._newest.number + 1, cut, counts, Pace(max(1, len(self._readers))))
            for language in {each.language for each in self._readers}:
                bulletin.encoded(language)
            self._keep(bulletin)
            self._hand_over(bulletin)

    def beat(self) -> None:
        """Let all streams say how fresh they are."""
        with self._lock:
            self._hand_over(None)

    def _keep(self, bulletin: Bulletin) -> None:
        self._newest = bulletin
        self._kept.append(bulletin)
        while sum(len(each.cut.tiles) for each in self._kept) > KEPT_TILES and len(self._kept) > 1:
            self._kept.popleft()

    def _hand_over(self, bulletin: Bulletin | None) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[Reader]] = {}
        for reader in self._readers:
            by_loop.setdefault(reader.loop, []).append(reader)
        for loop, readers in by_loop.items():
            loop.call_soon_threadsafe(_put, readers, bulletin)


def _put(readers: Iterable[Reader], bulletin: Bulletin | None) -> None:
    for reader in readers:
        reader.put(bulletin)
