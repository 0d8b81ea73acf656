"""Bells that threads ring and handlers of an event loop wait for, without a thread of their own."""

import asyncio
import contextlib
import threading
from collections.abc import Collection, Iterator


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


class Bells:
    """One bell for each key; many may listen to each."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: set[Listener] = set()

    def ring(self, keys: Collection[str] | None) -> None:
        """Wake those who listen to these keys; with None all."""
        with self._lock:
            waiting = [each for each in self._listeners if keys is None or each.key in keys]
        for listener in waiting:
            listener.wake()

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
