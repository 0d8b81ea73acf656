"""The registry's app: AiCSD's list, heartbeats, and who is alive."""

from typing import Annotated, Any

from fastapi import FastAPI, Path
from pydantic import Field

from labrelay.contracts.base import Contract
from labrelay.contracts.tasks import Topic
from labrelay.http import create_app
from labrelay.http.access import Calling
from labrelay.http.roles import Role, allow
from labrelay.settings import Settings
from pipelines.registry import aicsd_v1
from pipelines.registry.roster import ALIVE_S, Presence, Roster

Text = Annotated[str, Field(max_length=1000)]


class Beat(Contract):
    """A worker's heartbeat; empty texts keep what is known."""

    worker: Annotated[str, Field(min_length=1, max_length=200)]
    name: Text = ""
    description: Text = ""


def create(settings: Settings) -> FastAPI:
    """The registry of pipelines (`ports.registry`)."""
    app = create_app("pipeline-registry", settings)
    roster = Roster()
    app.include_router(aicsd_v1.router(roster))

    @app.post("/api/v2/pipelines/{topic:path}/heartbeat", tags=["v2"])
    @allow(Role.PIPELINE)
    async def heartbeat(topic: Annotated[Topic, Path()], beat: Beat, caller: Calling) -> dict[str, float]:
        caller.check_pipeline(topic)
        roster.hear(topic, beat.worker, beat.name, beat.description)
        return {"alive_s": ALIVE_S}

    @app.get("/api/v2/pipelines", tags=["v2"])
    @allow(Role.VIEWER, Role.PIPELINE)
    async def pipelines() -> dict[str, Any]:
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
