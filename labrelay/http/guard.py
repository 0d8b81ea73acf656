"""Services need no login, so no web page of another site or port may drive them: Host and Origin are checked."""

from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from labrelay.errors import Forbidden
from labrelay.http import problem, refusals

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1", "testserver"})
DEFAULT_PORTS: Final = {"http": 80, "https": 443}
FOREIGN: Final = frozenset({"cross-site", "same-site"})
"""Values of Sec-Fetch-Site: another site, or another port or scheme of this one."""
HARMLESS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Headers of every answer: what a browser may make of it is what its Content-Type says, and in no other site's page."""
NO_SOCKET: Final = {"type": "websocket.close", "code": 1008}
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
        if scope["type"] != "http":
            await (self._app(scope, receive, send) if scope["type"] == "lifespan" else send(NO_SOCKET))
            return
        refused = self._refusal(scope)
        if refused:
            refusals.note(refused, scope.get("client"))
        await (problem.respond(refused) if refused else self._app)(scope, receive, _harmless(send))

    def _refusal(self, scope: Scope) -> Forbidden | None:
        headers = Headers(scope=scope)
        addressed, origin = headers.get("host", ""), headers.get("origin")
        host = _site(f"http://{addressed}")[0]
        if host not in self._names(scope):
            return Forbidden(f"The host name {host!r} is not one of this service's.", next_step=NEXT_STEP)
        if origin is not None and not _same_site(origin, addressed):
            return Forbidden(f"Pages of {origin} may not call this service.")
        if origin is None and _is_foreign(scope, headers):
            return Forbidden("Pages of another site or port may link to this service, not call it.")
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


def _is_foreign(scope: Scope, headers: Headers) -> bool:
    """Whether a page elsewhere asks (Fetch Metadata, W3C): browsers send no Origin with pictures, scripts and links.

    To follow a link from elsewhere is harmless: no page reads the answer, and no GET changes anything.
    """
    followed = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    link = followed and scope.get("method") in ("GET", "HEAD")
    return headers.get("sec-fetch-site") in FOREIGN and not link


def _harmless(send: Send) -> Send:
    async def tell(message: Message) -> None:
        if message["type"] == "http.response.start":
            message.setdefault("headers", [])
            headers = MutableHeaders(scope=message)
            for name, value in HARMLESS.items():
                headers.setdefault(name, value)
        await send(message)

    return tell


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
