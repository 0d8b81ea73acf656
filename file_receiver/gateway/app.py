"""The receiver on the gateway (59783)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import to_thread
from fastapi import FastAPI

from file_receiver.gateway.aicsd_v1 import router as aicsd_v1
from file_receiver.gateway.captures import Captures
from file_receiver.gateway.edge import edge_router
from file_receiver.gateway.intake import Intake
from file_receiver.gateway.upload import remove_stale
from labrelay.http import Client, create_app
from labrelay.settings import Settings


def create(settings: Settings) -> FastAPI:
    """The app; uploads that broke off more than a day ago are removed when it starts."""
    layout = settings.gateway_layout

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await to_thread.run_sync(remove_stale, layout.root / "inputs")
        yield

    captures = Captures(Client(settings.service_url("job_repository")))
    app = create_app("file-receiver-gateway", lifespan=lifespan)
    app.include_router(edge_router(captures, Intake(layout, settings.storage, captures)))
    app.include_router(aicsd_v1)
    return app
