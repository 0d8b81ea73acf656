"""The dashboard's own threads for calls that block.

Its calls are answered by services of the same process; were all shared threads taken by pages that wait for such an
answer, none would be left to give it.
"""

from collections.abc import Callable
from typing import Final, TypeVar

from anyio import CapacityLimiter, to_thread

THREADS: Final = 12
Answer = TypeVar("Answer")


class Threads:
    """Runs blocking calls, at most `count` at a time, apart from the process's shared threads."""

    def __init__(self, count: int = THREADS) -> None:
        self._limiter = CapacityLimiter(count)

    async def run(self, call: Callable[[], Answer]) -> Answer:
        """The answer of a blocking call, without blocking the event loop."""
        return await to_thread.run_sync(call, limiter=self._limiter, abandon_on_cancel=True)
