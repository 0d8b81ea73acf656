"""The sender on the gateway (59786)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import to_thread
from fastapi import FastAPI

from file_sender.gateway.aicsd_v1 import v1_router
from file_sender.gateway.archive import output_retention
from file_sender.gateway.edge import edge_router
from file_sender.gateway.inputs import inputs_router
from file_sender.gateway.jobs import Jobs
from file_sender.gateway.outputs import outputs_router
from labrelay.contracts.states import Owner
from labrelay.http import Client, create_app
from labrelay.news import News
from labrelay.retention import retention_router
from labrelay.settings import Settings


def create(settings: Settings) -> FastAPI:
    """The app; but for retention it works on nothing by itself: the instrument pulls."""
    repository = Client.of(settings, "job_repository")
    jobs, news = Jobs(repository), News(repository, Owner.FILE_SENDER_GATEWAY)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        retention.start()
        with news.heard():
            yield
        await to_thread.run_sync(retention.stop)

    retention = output_retention(settings, repository)
    app = create_app("file-sender-gateway", settings, lifespan=lifespan)
    app.include_router(edge_router(jobs, settings.gateway_layout, news))
    app.include_router(outputs_router(jobs, settings.gateway_layout))
    app.include_router(inputs_router(jobs, settings.gateway_layout))
    app.include_router(retention_router(lambda: retention))
    app.include_router(v1_router(jobs, settings.gateway_layout))
    return app
