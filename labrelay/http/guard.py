"""Loopback services need no login, so no web page of another site may drive them: Host and Origin are checked."""

from typing import Final
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from labrelay.errors import Forbidden
from labrelay.http import problem

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1", "testserver"})


class HostGuard:
    """Refuses a Host that is neither a loopback name nor this server's address, and an Origin of another site."""

    def __init__(self, app: ASGIApp, allowed: frozenset[str] = LOOPBACK) -> None:
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 403."""
        refused = self._refusal(scope) if scope["type"] == "http" else None
        await (problem.respond(refused) if refused else self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Forbidden | None:
        headers = Headers(scope=scope)
        host = urlsplit(f"//{headers.get('host', '')}").hostname or ""
        server = (scope.get("server") or ("",))[0]
        if host not in self._allowed and host != server:
            return Forbidden(f"The host name {host!r} is not one of this service's.")
        origin = headers.get("origin")
        if origin and urlsplit(origin).hostname not in self._allowed | {host}:
            return Forbidden(f"Pages of {origin} may not call this service.")
        return None


def install(app: FastAPI) -> None:
    """Guard an app."""
    app.add_middleware(HostGuard)
