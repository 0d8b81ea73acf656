"""The job repository's app."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio.to_thread import run_sync
from fastapi import FastAPI

from job_repository import audit_routes, edge, events
from job_repository.actions import routes as action_routes
from job_repository.aicsd import routes as aicsd_routes
from job_repository.alarms import routes as alarm_routes
from job_repository.captures import routes as capture_routes
from job_repository.health import routes as health_routes
from job_repository.instruments import routes as instrument_routes
from job_repository.jobs import failure_routes
from job_repository.jobs import routes as job_routes
from job_repository.neighbour import neighbour_of
from job_repository.phases import routes as phase_routes
from job_repository.plates import routes as plate_routes
from job_repository.plates import well_routes
from job_repository.repository import Repository
from job_repository.retention import routes as retention_routes
from job_repository.tasks import routes as task_routes
from job_repository.tokens import routes as token_routes
from job_repository.verdicts import routes as verdict_routes
from job_repository.views import routes as view_routes
from labrelay.access.register import Register
from labrelay.http import create_app, limits
from labrelay.retention import retention_router
from labrelay.settings import Settings


def create(settings: Settings) -> FastAPI:
    """The service; nothing is opened before its lifespan starts."""
    repository = Repository(settings)
    neighbour = neighbour_of(repository)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await run_sync(repository.open)
        neighbour.open()
        try:
            yield
        finally:
            neighbour.close()
            await run_sync(repository.close)

    app = create_app(
        "job-repository",
        settings,
        lifespan=lifespan,
        ready=repository.not_ready,
        warned=lambda: repository.rooms.warning,
    )
    app.state.repository = repository
    app.state.neighbour = neighbour
    if app.state.access.enforced:
        app.state.access.register = Register(repository.tokens.roll)  # it needs nobody's answer but its own
    own = (job_routes, action_routes, capture_routes, task_routes, instrument_routes, well_routes, plate_routes, events)
    for router in (
        *own,
        failure_routes,
        verdict_routes,
        view_routes,
        alarm_routes,
        phase_routes,
        token_routes,
        audit_routes,
        health_routes,
        retention_routes,
        edge,
        aicsd_routes,
    ):
        app.include_router(router.routes)
    app.include_router(retention_router(lambda: repository.clearing))
    limits.stream(app, "PUT", aicsd_routes.REPORTS)
    return app
