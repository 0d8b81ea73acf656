"""The edge port: the one address that OEM sides call. It routes like a reverse proxy and carries without looking."""

from collections.abc import Mapping

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

PREFIX = "/edge/v2/"


class Edge:
    """Passes `/edge/v2/<noun>…` to the app that serves this noun, and answers 404 to everything else.

    Args:
        routes: first path segment below `/edge/v2/` → the service's app.
    """

    def __init__(self, routes: Mapping[str, ASGIApp]) -> None:
        self._routes = dict(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Route one request; lifespan events are answered here (each app has its own listener for them)."""
        if scope["type"] == "lifespan":
            await _answer_lifespan(receive, send)
            return
        path: str = scope.get("path", "")
        noun = path.removeprefix(PREFIX).split("/", 1)[0] if path.startswith(PREFIX) else ""
        target = self._routes.get(noun, PlainTextResponse("not found\n", status_code=404))
        await target(scope, receive, send)


async def _answer_lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
