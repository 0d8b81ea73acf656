"""The registry's app: AiCSD's list, heartbeats, who is alive, and images for viewers, which only pipelines can read."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from anyio import to_thread
from fastapi import FastAPI, Path
from pydantic import Field

from labrelay.contracts.base import Contract
from labrelay.contracts.tasks import Topic
from labrelay.http import Client, create_app, limits
from labrelay.http.access import Calling
from labrelay.http.roles import Role, allow
from labrelay.settings import Settings
from pipelines.registry import aicsd_v1
from pipelines.registry.models import UPLOAD, Shelf, models_router
from pipelines.registry.roster import ALIVE_S, Presence, Roster
from pipelines.viewing.decoder import Decoder
from pipelines.viewing.routes import viewing_router
from pipelines.viewing.sources import Sources

Text = Annotated[str, Field(max_length=1000)]


class Beat(Contract):
    """A worker's heartbeat; empty texts keep what is known."""

    worker: Annotated[str, Field(min_length=1, max_length=200)]
    name: Text = ""
    description: Text = ""


def create(settings: Settings) -> FastAPI:
    """The registry of pipelines (`ports.registry`)."""
    roster, decoder = Roster(), Decoder()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await to_thread.run_sync(decoder.close)

    app = create_app("pipeline-registry", settings, lifespan=lifespan)
    app.include_router(aicsd_v1.router(roster))
    sources = Sources(Client.of(settings, "job_repository", retries=1), settings.gateway_layout)
    app.include_router(viewing_router(sources, decoder))
    app.include_router(models_router(Shelf(settings)))
    limits.stream(app, "PUT", UPLOAD)

    @app.post("/api/v2/pipelines/{topic:path}/heartbeat", tags=["pipelines"])
    @allow(Role.PIPELINE)
    async def heartbeat(topic: Annotated[Topic, Path()], beat: Beat, caller: Calling) -> dict[str, float]:
        """A worker of a pipeline is there; without another one within `alive_s` seconds it counts as gone."""
        caller.check_pipeline(topic)
        roster.hear(topic, beat.worker, beat.name, beat.description)
        return {"alive_s": ALIVE_S}

    @app.get("/api/v2/pipelines", tags=["pipelines"])
    @allow(Role.VIEWER, Role.PIPELINE)
    async def pipelines() -> dict[str, Any]:
        """All pipelines by topic, with their workers; `alive` tells whether one was heard lately."""
        return {"items": [item(each) for each in roster.present()]}

    return app


def item(presence: Presence) -> dict[str, Any]:
    """One pipeline with its workers; `seen_s` is the age in seconds of the last heartbeat."""
    workers = [{"worker": worker, "seen_s": round(age, 1)} for worker, age in sorted(presence.workers.items())]
    return {
        "id": presence.id,
        "topic": presence.topic,
        "name": presence.name,
        "description": presence.description,
        "alive": presence.alive,
        "workers": workers,
    }
