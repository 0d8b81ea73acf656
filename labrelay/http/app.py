"""The app factory: every service answers health, metrics, AiCSD's ping and problem documents alike."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from labrelay import __version__
from labrelay.access.roles import PERSONS
from labrelay.http import access, described, guard, limits, problem
from labrelay.http.endpoints import entries_of
from labrelay.http.roles import Role, allow
from labrelay.settings.model import Settings

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]
Ready = Callable[[], str | None]
Warned = Callable[[], str]


def _mark_document(app: FastAPI) -> None:
    """Whoever may call anything may read how."""
    for entry in entries_of(app):
        allow(*PERSONS, Role.INSTRUMENT, Role.PIPELINE)(entry.endpoint)


def create_app(
    service: str,
    settings: Settings | None = None,
    *,
    lifespan: Lifespan | None = None,
    ready: Ready | None = None,
    warned: Warned | None = None,
) -> FastAPI:
    """A FastAPI app with what all services share.

    Args:
        service: the service's name, as in AiCSD (`job-repository`).
        settings: the machine's; they say who must show a token.
        lifespan: starts and stops the owner's loops.
        ready: a reason in plain words while the service can't work yet, else None.
        warned: what a person should know although it works, as of a disk that gets full; else empty.
    """
    app = FastAPI(title=f"labrelay {service}", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None)
    problem.install(app)
    limits.install(app)
    access.install(app, service, settings)
    guard.install(app)
    described.describe(app)
    _mark_document(app)

    @app.get("/healthz", tags=["health"])
    @allow(Role.ANYONE)
    async def healthz() -> dict[str, str]:
        """The process is alive."""
        return {"service": service, "status": "alive"}

    @app.get("/readyz", tags=["health"])
    @allow(Role.ANYONE)
    def readyz() -> JSONResponse:
        """200 when it can work, else 503 with the reason; what a person should know comes as a warning."""
        reason = ready() if ready else None
        body = {"service": service, "status": "waiting" if reason else "ready", "reason": reason or ""}
        body |= {"warning": told} if warned and (told := warned()) else {}
        return JSONResponse(body, status_code=503 if reason else 200)

    @app.get("/metrics", tags=["health"], response_class=PlainTextResponse)
    @allow(Role.VIEWER)
    def metrics() -> PlainTextResponse:
        """Counters and durations for Prometheus."""
        return PlainTextResponse(generate_latest().decode(), media_type=CONTENT_TYPE_LATEST)

    @app.get("/api/v2/ping", tags=["health"])
    @allow(Role.ANYONE)
    async def ping() -> dict[str, str]:
        """AiCSD's ping."""
        return {"apiVersion": "v2", "serviceName": service}

    return app
