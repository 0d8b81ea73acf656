"""Rings when the journal has something new: threads ring, handlers that long-poll wait without holding a thread."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Bell:
    """Many may wait, each in its own event loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    @contextmanager
    def listening(self) -> Iterator[asyncio.Event]:
        """An event that every ring sets; the listener clears it."""
        listener = (asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            self._waiting.add(listener)
        try:
            yield listener[1]
        finally:
            with self._lock:
                self._waiting.discard(listener)

    def ring(self) -> None:
        """Wake all who wait; may be called from any thread."""
        with self._lock:
            for loop, event in self._waiting:
                if not loop.is_closed():
                    loop.call_soon_threadsafe(event.set)
