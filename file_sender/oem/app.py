"""The sender on the instrument's side (59782)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from anyio import to_thread
from fastapi import FastAPI

from file_sender.oem.absences import Absences
from file_sender.oem.aicsd_v1 import v1_router
from file_sender.oem.outbox import Outbox
from file_sender.oem.retention import OriginalRetention
from file_sender.oem.sending import Sender
from file_sender.oem.source import Folders
from labrelay.http import Client, create_app
from labrelay.http.roles import Role, allow
from labrelay.loops import OwnerLoop
from labrelay.pace import Pace
from labrelay.retention import retention_router
from labrelay.settings import Settings


def create(settings: Settings) -> FastAPI:
    """The app; its loop pushes what the gateway wants while it runs."""
    client = Client.of_edge(settings)
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
        await to_thread.run_sync(originals.start)
        yield
        await to_thread.run_sync(originals.stop)
        await to_thread.run_sync(loop.stop)
        await to_thread.run_sync(outbox.stop)

    originals = OriginalRetention(settings, client, folders, pace)
    folders.explain_with(originals.deletions.words)
    app = create_app("file-sender-oem", settings, lifespan=lifespan)
    app.include_router(retention_router(lambda: originals.retention))
    app.include_router(v1_router(wake))

    @app.get("/api/v2/status", tags=["status"])
    @allow(Role.VIEWER)
    def status() -> dict[str, Any]:
        aside = [f"{each.folder}/{each.path}" for each in originals.deletions.set_aside()]
        return {**outbox.status(), "trouble": loop.trouble, "deletions_refused": aside}

    return app
