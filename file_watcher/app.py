"""The file watcher's app (port 59780, loopback)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import to_thread
from fastapi import FastAPI

from file_watcher.routes import router
from file_watcher.watcher import Watcher
from labrelay.http import create_app
from labrelay.settings import Settings


def create(settings: Settings) -> FastAPI:
    """The app; watching begins and ends with it.

    Raises:
        SettingsInvalid: two watched folders overlap.
    """
    watcher = Watcher(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        watcher.start()
        yield
        await to_thread.run_sync(watcher.stop)

    app = create_app(
        "file-watcher",
        settings,
        lifespan=lifespan,
        ready=lambda: watcher.trouble or None,
        warned=lambda: watcher.room.look().words,
    )
    app.include_router(router(watcher, settings))
    return app
