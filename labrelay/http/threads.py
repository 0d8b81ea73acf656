"""Threads of its own for a service whose handlers call another service.

All services of a side share one process, one event loop and the loop's 40 threads for plain (`def`) handlers. Handlers
that wait for another service's answer could take all 40, and none would be left to give that answer: a deadlock until
the calls time out. So whoever calls takes its threads from elsewhere, and the shared ones only do work that waits for
nobody.
"""

import functools
from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any, Final, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi.routing import APIRoute

THREADS: Final = 40
Answer = TypeVar("Answer")


class OwnThreads:
    """At most `count` blocking calls at a time, apart from the process's shared threads.

    `APIRouter(route_class=OwnThreads().route_class)` runs a router's plain handlers in them, `run` anything else.
    """

    def __init__(self, count: int = THREADS) -> None:
        self._limiter = CapacityLimiter(count)

    async def run(self, call: Callable[..., Answer], *arguments: Any) -> Answer:
        """The answer of a blocking call, without blocking the event loop."""
        return await to_thread.run_sync(call, *arguments, limiter=self._limiter)

    @property
    def route_class(self) -> type[APIRoute]:
        """For routers whose plain handlers call another service."""
        threads = self

        class CallingRoute(APIRoute):
            def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
                super().__init__(path, threads.apart(endpoint), **options)

        return CallingRoute

    def apart(self, handler: Callable[..., Any]) -> Callable[..., Any]:
        """A plain handler as one that runs in these threads; asynchronous ones stay as they are."""
        if iscoroutinefunction(handler):
            return handler

        @functools.wraps(handler)
        async def handle(**arguments: Any) -> Any:
            return await self.run(functools.partial(handler, **arguments))

        return handle
