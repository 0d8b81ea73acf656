"""The job repository's app."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio.to_thread import run_sync
from fastapi import FastAPI

from job_repository import (
    aicsd_v1,
    capture_routes,
    edge,
    events,
    instrument_routes,
    job_routes,
    plate_routes,
    task_routes,
)
from job_repository.repository import Repository
from labrelay.http import create_app
from labrelay.settings import Settings


def create(settings: Settings) -> FastAPI:
    """The service; nothing is opened before its lifespan starts."""
    repository = Repository(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await run_sync(repository.open)
        try:
            yield
        finally:
            await run_sync(repository.close)

    app = create_app("job-repository", lifespan=lifespan, ready=repository.not_ready)
    app.state.repository = repository
    for router in (job_routes, capture_routes, task_routes, instrument_routes, plate_routes, events, edge, aicsd_v1):
        app.include_router(router.routes)
    return app
