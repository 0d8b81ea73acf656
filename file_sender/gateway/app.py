"""The sender on the gateway (59786)."""

from fastapi import FastAPI

from file_sender.gateway.aicsd_v1 import v1_router
from file_sender.gateway.edge import edge_router
from file_sender.gateway.jobs import Jobs
from file_sender.gateway.outputs import outputs_router
from labrelay.http import Client, create_app
from labrelay.settings import Settings


def create(settings: Settings) -> FastAPI:
    """The app; it holds no state and needs no loop: the instrument pulls."""
    jobs = Jobs(Client(settings.service_url("job_repository")))
    app = create_app("file-sender-gateway")
    app.include_router(edge_router(jobs, settings.gateway_layout))
    app.include_router(outputs_router(jobs, settings.gateway_layout))
    app.include_router(v1_router(jobs, settings.gateway_layout))
    return app
