"""The dashboard's routes (port 4200): pages for people, one JSON twin, one stream of changes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI

from dashboard import events, preferences
from dashboard.assets import Assets
from dashboard.bulk import routes as bulk
from dashboard.desk import Desk
from dashboard.images import routes as images
from dashboard.inbox import repairs
from dashboard.inbox import routes as inbox
from dashboard.instruments import routes as instruments
from dashboard.jobs import job_routes as job
from dashboard.jobs import routes as jobs
from dashboard.live import Hub
from dashboard.login import lead_to_login, login_router
from dashboard.models import routes as models
from dashboard.now import routes as now
from dashboard.pages import STATIC, Pages
from dashboard.pictures import Pictures
from dashboard.plates import routes as plates
from dashboard.reference import routes as reference
from dashboard.repository import READ_S, Repository
from dashboard.review import routes as review
from dashboard.sessions import Sessions
from dashboard.system import routes as system
from dashboard.tasks import routes as tasks
from dashboard.threads import Threads
from dashboard.troubles import explain_on
from labrelay.http import Client, create_app
from labrelay.http.roles import Role, allow
from labrelay.settings import Settings


def create(settings: Settings) -> FastAPI:
    """The dashboard of the services that `settings` names."""
    desk = _desk(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        desk.hub.start()
        yield
        desk.hub.stop()

    app = create_app("dashboard", settings, lifespan=lifespan)
    app.state.desk = desk
    for room in (
        now.router,
        instruments.router,
        tasks.router,
        inbox.router,
        inbox.twin,
        repairs.router,
        bulk.router,
        jobs.router,
        job.router,
        plates.router,
        review.router,
        reference.router,
        events.router,
        preferences.router,
    ):
        app.include_router(room)
    system.add_to(app, desk)
    models.add_to(app)
    images.add_to(app, desk)
    app.add_middleware(preferences.Preferences)
    app.mount("/static", allow(Role.ANYONE)(Assets(directory=STATIC)))
    _add_login(app, settings, desk.pages)
    explain_on(app, desk.pages)
    return app


def _add_login(app: FastAPI, settings: Settings, pages: Pages) -> None:
    sessions = Sessions(settings.gateway_layout.secrets, settings.access.session_h)
    app.state.access.session = sessions.token_of
    app.state.access.turn_away = partial(lead_to_login, pages)
    app.include_router(login_router(sessions, pages))


def _desk(settings: Settings) -> Desk:
    client = Client.of(settings, "job_repository", read_s=READ_S, retries=1, repeat_all=False)
    listening = Client.of(settings, "job_repository", retries=0)
    sender = Client.of(settings, "file_sender_gateway", retries=1)
    registry = Client.of(settings, "registry", retries=0)
    repository, pages, threads = Repository(client), Pages(), Threads()
    hub = Hub(listening, repository)
    pictures = Pictures(sender, threads)
    return Desk(settings, client, sender, registry, repository, pictures, pages, threads, hub)
