"""News for instruments: one thread asks the repository for all of them, and their long polls wait without any.

So sixteen instruments, or sixty, cost the gateway no more threads than one.
"""

import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from labrelay.bells import Bells
from labrelay.contracts.jobs import OwnerNews
from labrelay.contracts.states import Owner
from labrelay.http.client import Client
from labrelay.loops import OwnerLoop

Answer = TypeVar("Answer")
WAIT_S: Final = 10.0
IDLE_S: Final = 60.0
LOOK_S: Final = 1.0
"""So often a long poll looks by itself while no news come."""


class News:
    """Tells waiting calls that their instrument's list may have changed.

    Args:
        repository: the job repository.
        owner: whose jobs are listed.
    """

    def __init__(self, repository: Client, owner: Owner) -> None:
        self._repository = repository
        self._owner = owner
        self._since = 0
        self._bells = Bells()
        self._waiting = 0
        self._loop = OwnerLoop(f"news-{owner}", self._turn, idle_s=IDLE_S)

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Ask for news within the block."""
        self._loop.start()
        try:
            yield
        finally:
            self._loop.stop(0.0)  # it may sit in its long poll

    async def until(
        self, instrument: str, look: Callable[[], Awaitable[Answer]], enough: Callable[[Answer], bool], wait_s: float
    ) -> Answer:
        """Look now and at each news, until it is enough or the time is over; what was seen last."""
        end = time.monotonic() + wait_s
        with self._bells.listening(instrument) as listener:
            answer = await look()
            while not enough(answer) and (left := end - time.monotonic()) > 0:
                with self._waits():
                    deaf = bool(self._loop.trouble) or not self._since
                    rung = await listener.wait(min(left, LOOK_S) if deaf else left)
                if rung or deaf:
                    answer = await look()
        return answer

    @contextmanager
    def _waits(self) -> Iterator[None]:
        """Only while somebody waits are news asked for. Called in the event loop alone."""
        self._waiting += 1
        self._loop.wake()
        try:
            yield
        finally:
            self._waiting -= 1

    def _turn(self) -> bool:
        if not self._waiting:
            return False
        asked: dict[str, str | float] = {"owner": self._owner.value, "since": self._since, "wait": WAIT_S}
        news = self._repository.ask(OwnerNews, "GET", "/api/v2/owned/news", params=asked, read_s=WAIT_S + 15)
        self._since = news.since
        self._bells.ring(news.instruments)
        return True
