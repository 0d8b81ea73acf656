"""The sender on the instrument's side (59782)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from anyio import to_thread
from fastapi import FastAPI

from file_sender.oem.absences import Absences
from file_sender.oem.aicsd_v1 import v1_router
from file_sender.oem.outbox import Outbox
from file_sender.oem.sending import Sender
from file_sender.oem.source import Folders
from labrelay.http import Client, create_app
from labrelay.loops import OwnerLoop
from labrelay.pace import Pace
from labrelay.settings import Settings


def create(settings: Settings) -> FastAPI:
    """The app; its loop pushes what the gateway wants while it runs."""
    client = Client(settings.edge_url, tls=settings.oem.tls)
    pace = Pace.of(settings)
    folders = Folders(settings.folders, Absences(settings).of)
    outbox = Outbox(Sender(client, settings.oem.instrument, folders, pace), pace.pauses)
    loop = OwnerLoop("file-sender-oem", outbox.turn)

    def wake() -> None:
        outbox.wake()
        loop.wake()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        loop.start()
        yield
        await to_thread.run_sync(loop.stop)
        await to_thread.run_sync(outbox.stop)

    app = create_app("file-sender-oem", lifespan=lifespan)
    app.include_router(v1_router(wake))

    @app.get("/api/v2/status", tags=["status"])
    def status() -> dict[str, Any]:
        return {**outbox.status(), "trouble": loop.trouble}

    return app
