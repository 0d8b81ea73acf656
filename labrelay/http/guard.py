"""Services need no login, so no web page of another site or port may drive them: Host and Origin are checked."""

from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from labrelay.errors import Forbidden
from labrelay.http import problem

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1", "testserver"})
DEFAULT_PORTS: Final = {"http": 80, "https": 443}
NEXT_STEP: Final = "Call it by an address of its own, or add the name to `hosts` in labrelay.toml."


class HostGuard:
    """Refuses a Host that isn't a name of this server, and a page whose Origin isn't that Host with its port.

    Args:
        app: what is guarded.
        hosts: names besides the loopback ones and the server's own address; `admit` adds more for one app.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str] = ()) -> None:
        self._app = app
        self._allowed = LOOPBACK.union(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 403."""
        refused = self._refusal(scope) if scope["type"] == "http" else None
        await (problem.respond(refused) if refused else self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Forbidden | None:
        headers = Headers(scope=scope)
        addressed, origin = headers.get("host", ""), headers.get("origin")
        host = _site(f"http://{addressed}")[0]
        if host not in self._names(scope):
            return Forbidden(f"The host name {host!r} is not one of this service's.", next_step=NEXT_STEP)
        if origin is not None and not _same_site(origin, addressed):
            return Forbidden(f"Pages of {origin} may not call this service.")
        return None

    def _names(self, scope: Scope) -> frozenset[str]:
        admitted: Collection[str] = getattr(getattr(scope.get("app"), "state", None), "hosts", ())
        server: str = (scope.get("server") or ("",))[0]
        return self._allowed.union(admitted, {server} if server else ())


def install(app: FastAPI) -> None:
    """Guard an app."""
    app.add_middleware(HostGuard)


def admit(app: FastAPI, hosts: Collection[str]) -> None:
    """Let an app that is guarded already be called by further names."""
    app.state.hosts = frozenset(host.lower() for host in hosts)


def _same_site(origin: str, addressed: str) -> bool:
    scheme = origin.partition("://")[0].lower()
    return scheme in DEFAULT_PORTS and _site(origin) == _site(f"{scheme}://{addressed}")


def _site(url: str) -> tuple[str, int]:
    """Host and port of an URL; an unreadable one is nobody's site."""
    try:
        parts = urlsplit(url)
        return parts.hostname or "", parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
    except ValueError:
        return "", 0
