"""Who waits for what: a thread-safe bell that long polls of the event loop hang on, without a thread of their own."""

import asyncio
import contextlib
import threading
from collections.abc import Iterable, Iterator

from labrelay.contracts.jobs import Job

RECORD = "record"


def keys_of(job: Job) -> set[str]:
    """The keys that a change of this job rings."""
    instrument = job.source.instrument
    pipeline = job.task.pipeline if job.task else None
    wide = {owned_key(job.owner, None, None), owned_key(job.owner, instrument, None)}
    narrow = {owned_key(job.owner, None, pipeline), owned_key(job.owner, instrument, pipeline)}
    return wide | narrow


def owned_key(owner: str, instrument: str | None, pipeline: str | None) -> str:
    """The key of a query for what an owner owns."""
    return f"owned|{owner}|{instrument or ''}|{pipeline or ''}"


def job_bell(job_id: str) -> str:
    """The key of one job."""
    return f"job|{job_id}"


class Listener:
    """One waiting call."""

    def __init__(self, key: str) -> None:
        self.key = key
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()

    def wake(self) -> None:
        """From any thread."""
        with contextlib.suppress(RuntimeError):  # its loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self, timeout_s: float) -> bool:
        """Until the bell rings or the time is over; whether it rang."""
        try:
            await asyncio.wait_for(self._event.wait(), max(timeout_s, 0.0))
        except TimeoutError:
            return False
        self._event.clear()
        return True


class Changes:
    """The newest running number for each owner's query, and those who wait for a newer one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: dict[str, int] = {}
        self._base = 0
        self._listeners: set[Listener] = set()

    def note(self, keys: Iterable[str], seq: int) -> None:
        """These changed with this number."""
        rung = set(keys)
        with self._lock:
            self._last.update((key, max(seq, self._last.get(key, 0))) for key in rung if key.startswith("owned|"))
            waiting = [listener for listener in self._listeners if listener.key in rung]
        for listener in waiting:
            listener.wake()

    def rebase(self, seq: int) -> None:
        """After a start or a restore everything counts as changed at `seq`; all who wait look again."""
        with self._lock:
            self._base = seq
            self._last.clear()
            waiting = list(self._listeners)
        for listener in waiting:
            listener.wake()

    def last(self, key: str) -> int:
        """When this query's answer changed last."""
        with self._lock:
            return self._last.get(key, self._base)

    @contextlib.contextmanager
    def listening(self, key: str) -> Iterator[Listener]:
        """A listener for a key; look at the state after entering, so that no ring is missed."""
        listener = Listener(key)
        with self._lock:
            self._listeners.add(listener)
        try:
            yield listener
        finally:
            with self._lock:
                self._listeners.discard(listener)
