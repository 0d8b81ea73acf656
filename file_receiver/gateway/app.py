"""The receiver on the gateway (59783)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import to_thread
from fastapi import FastAPI

from file_receiver.gateway.aicsd_v1 import router as aicsd_v1
from file_receiver.gateway.captures import Captures
from file_receiver.gateway.edge import edge_router
from file_receiver.gateway.intake import Intake
from file_receiver.gateway.originals import originals_router
from file_receiver.gateway.retention import input_retention
from file_receiver.gateway.upload import remove_stale
from labrelay.contracts.states import Owner
from labrelay.http import Client, create_app, limits
from labrelay.inputs import GATEWAY_DISK
from labrelay.news import News
from labrelay.retention import retention_router
from labrelay.room import room_of
from labrelay.settings import Settings


def create(settings: Settings) -> FastAPI:
    """The app; uploads that broke off more than a day ago are removed when it starts."""
    layout = settings.gateway_layout

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await to_thread.run_sync(remove_stale, layout.root / "inputs")
        retention.start()
        with news.heard():
            yield
        await to_thread.run_sync(retention.stop)

    repository = Client.of(settings, "job_repository")
    captures, news = Captures(repository), News(repository, Owner.FILE_SENDER_OEM)
    retention, originals = input_retention(settings, repository, captures)
    room = room_of(GATEWAY_DISK, layout.root, settings.storage)
    app = create_app("file-receiver-gateway", settings, lifespan=lifespan, warned=lambda: room.look().words)
    app.include_router(edge_router(captures, Intake(layout, settings.storage, captures), news))
    app.include_router(originals_router(originals))
    app.include_router(retention_router(lambda: retention))
    app.include_router(aicsd_v1)
    limits.stream(app, "PUT", "/edge/v2/inputs/[^/]+")
    return app
