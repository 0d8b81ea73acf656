"""AiCSD's list of pipelines: a JSON array with lower camel case members (wire format, section B.5)."""

from typing import Any

from fastapi import APIRouter

from labrelay.http.roles import Role, allow
from pipelines.registry.roster import Presence, Roster


def router(roster: Roster) -> APIRouter:
    """`GET /api/v1/pipelines`."""
    routes = APIRouter(tags=["AiCSD"])

    @routes.get("/api/v1/pipelines")
    @allow(Role.VIEWER, Role.PIPELINE)
    async def pipelines() -> list[dict[str, Any]]:
        """All pipelines, as AiCSD lists them."""
        return [wire_pipeline(each) for each in roster.present()]

    return routes


def wire_pipeline(presence: Presence) -> dict[str, Any]:
    """One pipeline as AiCSD writes it; `subscriptionTopic` is what goes into a task's PipelineId."""
    return {
        "id": presence.id,
        "name": presence.name,
        "description": presence.description,
        "subscriptionTopic": presence.topic,
        "status": "alive" if presence.alive else "silent",
    }
