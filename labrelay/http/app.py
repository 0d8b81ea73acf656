"""The app factory: every service answers health, metrics, AiCSD's ping and problem documents alike."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from labrelay import __version__
from labrelay.http import guard, problem

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]
Ready = Callable[[], str | None]


def create_app(service: str, *, lifespan: Lifespan | None = None, ready: Ready | None = None) -> FastAPI:
    """A FastAPI app with what all services share.

    Args:
        service: the service's name, as in AiCSD (`job-repository`).
        lifespan: starts and stops the owner's loops.
        ready: a reason in plain words while the service can't work yet, else None.
    """
    app = FastAPI(title=f"labrelay {service}", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None)
    problem.install(app)
    guard.install(app)

    @app.get("/healthz", tags=["health"])
    async def healthz() -> dict[str, str]:
        return {"service": service, "status": "alive"}

    @app.get("/readyz", tags=["health"])
    def readyz() -> JSONResponse:
        reason = ready() if ready else None
        body = {"service": service, "status": "waiting" if reason else "ready", "reason": reason or ""}
        return JSONResponse(body, status_code=503 if reason else 200)

    @app.get("/metrics", tags=["health"], response_class=PlainTextResponse)
    def metrics() -> PlainTextResponse:
        return PlainTextResponse(generate_latest().decode(), media_type=CONTENT_TYPE_LATEST)

    @app.get("/api/v2/ping", tags=["health"])
    async def ping() -> dict[str, str]:
        return {"apiVersion": "v2", "serviceName": service}

    return app
