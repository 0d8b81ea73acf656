"""The job repository's app."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio.to_thread import run_sync
from fastapi import FastAPI

from job_repository import (
    action_routes,
    aicsd_v1,
    audit_routes,
    capture_routes,
    edge,
    events,
    health_routes,
    instrument_routes,
    job_routes,
    plate_routes,
    retention_routes,
    task_routes,
    token_routes,
)
from job_repository.repository import Repository
from labrelay.access.register import Register
from labrelay.http import create_app, limits
from labrelay.retention import retention_router
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

    app = create_app(
        "job-repository",
        settings,
        lifespan=lifespan,
        ready=repository.not_ready,
        warned=lambda: repository.rooms.warning,
    )
    app.state.repository = repository
    if app.state.access.enforced:
        app.state.access.register = Register(repository.tokens.roll)  # it needs nobody's answer but its own
    own = (job_routes, action_routes, capture_routes, task_routes, instrument_routes, plate_routes, events)
    for router in (*own, token_routes, audit_routes, health_routes, retention_routes, edge, aicsd_v1):
        app.include_router(router.routes)
    app.include_router(retention_router(lambda: repository.clearing))
    limits.stream(app, "PUT", aicsd_v1.REPORTS)
    return app
