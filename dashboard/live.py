"""Sends what changed to every open page: batches four times a second, cut to what each page shows."""

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from fastapi.sse import ServerSentEvent

from dashboard.filters import JobFilter
from dashboard.health import Health, health_of
from dashboard.pages import Pages
from dashboard.repository import Repository
from dashboard.upstream import Changes, Cut, Upstream
from labrelay.access.callers import LOCAL, Caller
from labrelay.contracts.jobs import Job
from labrelay.errors import LabrelayError, NotFound
from labrelay.http import Client
from labrelay.loops import OwnerLoop

CUT_S: Final = 0.25
LOOK_S: Final = 2.0
BEAT_S: Final = 5.0
MANY: Final = 40
WAITING: Final = 16


@dataclass(frozen=True)
class Bulletin:
    """One batch: the changed jobs as they are now, and the lab's health."""

    seq: int
    jobs: tuple[Job, ...]
    health: Health


class Signal(Enum):
    """Messages without content."""

    BEAT = "beat"
    RESYNC = "resync"


Message = Bulletin | Signal


@dataclass(eq=False)
class Page:
    """One open page. A page that can't keep up loses batches and is told to read everything anew."""

    wanted: JobFilter
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    queue: asyncio.Queue[Message] = field(default_factory=lambda: asyncio.Queue(WAITING))

    def put(self, message: Message) -> None:
        """Hand a message over; called in the event loop."""
        if self.queue.full():
            while not self.queue.empty():
                self.queue.get_nowait()
            message = Signal.RESYNC
        self.queue.put_nowait(message)

    async def next(self) -> Message:
        """The next message; a beat when nothing happened for `BEAT_S` seconds."""
        try:
            return await asyncio.wait_for(self.queue.get(), BEAT_S)
        except TimeoutError:
            return Signal.BEAT


class Hub:
    """One upstream subscription in, any number of open pages out.

    Attributes:
        seq: the running number up to which open pages have been told.
    """

    def __init__(self, client: Client, repository: Repository, pages: Pages) -> None:
        self._repository = repository
        self._drawn_by = pages
        self._changes = Changes()
        self._upstream = Upstream(client, self._changes)
        self._cutter = OwnerLoop("dashboard-cutter", self._cut, idle_s=CUT_S)
        self._pauses = OwnerLoop("dashboard-pauses", self._look, idle_s=LOOK_S)
        self._paused: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._open: set[Page] = set()
        self._was_connected = False
        self.seq = 0

    def start(self) -> None:
        """Begin to follow the repository."""
        self._upstream.start()
        self._cutter.start()
        self._pauses.start()

    def stop(self) -> None:
        """End all threads."""
        self._pauses.stop()
        self._upstream.stop()
        self._cutter.stop()

    def refresh(self) -> None:
        """Something changed that no job's event tells of: all open pages read themselves anew."""
        self._changes.note_all()

    async def follow(self, wanted: JobFilter, since: str, who: Caller = LOCAL) -> AsyncIterator[ServerSentEvent]:
        """Events for one page until it is closed.

        Args:
            wanted: what the page shows.
            since: the running number that the page was drawn at.
            who: looks at it.
        """
        page = Page(wanted)
        with self._lock:
            self._open.add(page)
        try:
            if since != str(self.seq):
                yield self._signal(Signal.RESYNC)
            yield self._signal(Signal.BEAT)
            while True:
                message = await page.next()
                yield self._bulletin(message, wanted, who) if isinstance(message, Bulletin) else self._signal(message)
        finally:
            with self._lock:
                self._open.discard(page)

    def _signal(self, signal: Signal) -> ServerSentEvent:
        return ServerSentEvent(event=signal.value, id=str(self.seq), data={"fresh": self._upstream.connected})

    def _bulletin(self, bulletin: Bulletin, wanted: JobFilter, who: Caller) -> ServerSentEvent:
        data = self._drawn_by.change(bulletin.jobs, bulletin.health, wanted, who)
        return ServerSentEvent(event="change", id=str(bulletin.seq), data=data)

    def _cut(self) -> bool:
        if self._upstream.connected is not self._was_connected:
            self._was_connected = self._upstream.connected
            self._publish(Signal.BEAT)
        cut = self._changes.take()
        if cut is not None:
            message = self._message(cut) if self._open else Signal.RESYNC
            self.seq = cut.seq
            self._publish(message)
        return False

    def _look(self) -> bool:
        """Pauses are no jobs' events: they are asked for while somebody looks."""
        if self._open:
            paused = self._repository.paused()
            if self._paused != paused:
                self._paused = paused
                self.refresh()
        return False

    def _message(self, cut: Cut) -> Message:
        if cut.everything or len(cut.job_ids) > MANY:
            return Signal.RESYNC
        try:
            jobs = [self._job(job_id) for job_id in cut.job_ids]
            health = health_of(self._repository.counts())
        except LabrelayError:
            # The cut is lost to the pages that are open now: they read everything anew once this gets through.
            self._changes.note_all()
            raise
        return Bulletin(cut.seq, tuple(job for job in jobs if job), health)

    def _job(self, job_id: str) -> Job | None:
        try:
            return self._repository.job(job_id)
        except NotFound:
            return None

    def _publish(self, message: Message) -> None:
        with self._lock:
            pages = tuple(self._open)
        for page in pages:
            page.loop.call_soon_threadsafe(page.put, message)
