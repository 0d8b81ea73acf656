"""The task launcher's app: its routes, and its loops for as long as it is served."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import to_thread
from fastapi import FastAPI

from labrelay.contracts.states import Owner
from labrelay.http.app import create_app
from labrelay.retention import retention_router
from labrelay.settings import Settings
from task_launcher import aicsd_v1, routes
from task_launcher.service import Launcher


def create(settings: Settings) -> FastAPI:
    """The service's app; nothing runs before its lifespan begins."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        launcher = await to_thread.run_sync(Launcher, settings)
        app.state.launcher = launcher
        launcher.start()
        try:
            yield
        finally:
            await to_thread.run_sync(launcher.stop)

    def ready() -> str | None:
        launcher: Launcher | None = getattr(app.state, "launcher", None)
        return launcher.trouble() if launcher else "The launcher is starting."

    app = create_app(Owner.TASK_LAUNCHER, settings, lifespan=lifespan, ready=ready)
    app.include_router(routes.router)
    app.include_router(aicsd_v1.router)
    app.include_router(retention_router(lambda: app.state.launcher.retention))
    return app
