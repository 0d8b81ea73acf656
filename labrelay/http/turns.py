"""Turns by name: what one instrument sends at once waits for its own, never for its neighbours' room."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

AT_ONCE: Final = 8
"""An instrument's side sends and announces four at once; more is a flood, and gains nothing."""


class Turns:
    """At most so many of each name go on at a time, the others wait in a line of their own, in order.

    Waiting holds no thread. For one event loop.

    Args:
        most: of each name.
    """

    def __init__(self, most: int = AT_ONCE) -> None:
        self._most = most
        self._gates: dict[str, asyncio.Semaphore] = {}
        self._here: dict[str, int] = {}

    @asynccontextmanager
    async def of(self, name: str) -> AsyncIterator[None]:
        """Go on when it is this one's turn."""
        gate = self._gates.setdefault(name, asyncio.Semaphore(self._most))
        self._here[name] = self._here.get(name, 0) + 1
        try:
            async with gate:
                yield
        finally:
            self._here[name] -= 1
            if not self._here[name]:
                del self._here[name], self._gates[name]
