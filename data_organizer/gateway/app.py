"""The gateway's organizer (port 59788): takes pushed files. The integrator's other routes stand in `labrelay.front`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import to_thread
from fastapi import FastAPI

from data_organizer.gateway.body import remove_left_over
from data_organizer.gateway.captures import Captures
from data_organizer.gateway.pushes import Pushes
from data_organizer.gateway.routes import push_router
from labrelay.http import Client, create_app, limits
from labrelay.settings import Settings


def create(settings: Settings) -> FastAPI:
    """The app; what a killed process left of unanswered pushes is removed when it starts.

    Raises:
        SettingsInvalid: an attribute's `id` is not a regular expression.
    """
    pushes = Pushes(settings, Captures(Client.of(settings, "job_repository")))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await to_thread.run_sync(remove_left_over, pushes.layout.pushes)
        yield

    app = create_app("data-organizer-gateway", settings, lifespan=lifespan)
    app.include_router(push_router(pushes))
    limits.stream(app, "POST", "/api/v2/captures")
    return app
