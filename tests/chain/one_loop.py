"""Several services in one process and one event loop, as `labrelay gateway` runs them, but inside the test."""

import asyncio
import threading
import time
from typing import Self

import uvicorn
from fastapi import FastAPI


class OneLoop:
    """Apps on ports of loopback, all in the event loop of one thread."""

    def __init__(self, apps: dict[int, FastAPI]) -> None:
        configs = [uvicorn.Config(app, port=port, log_config=None, access_log=False) for port, app in apps.items()]
        self._servers = [uvicorn.Server(config) for config in configs]
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        end = time.monotonic() + 20
        while not all(server.started for server in self._servers):
            assert self._thread.is_alive()
            assert time.monotonic() < end
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.force_exit = server.should_exit = True
        self._thread.join(10)

    async def _serve(self) -> None:
        await asyncio.gather(*(server._serve() for server in self._servers))
