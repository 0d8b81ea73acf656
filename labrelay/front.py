"""The integrator's address: one port for pushing files and reading results. It routes like a reverse proxy.

What isn't listed here is not shown: steps, leases and a person's actions stay with their own services.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, NamedTuple

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from labrelay.errors import NotFound, RequestRefused
from labrelay.http import problem

DOCUMENT: Final = "/openapi.json"


Described = Callable[[], dict[str, Any]]
"""Gives the OpenAPI description of an app."""


class Way(NamedTuple):
    """Which service answers which calls."""

    method: str
    path: re.Pattern[str]
    service: str


def _way(method: str, path: str, service: str) -> Way:
    return Way(method, re.compile(f"/api/v2/{path}"), service)


CAPTURE: Final = "[0-9a-f-]{36}"
SAMPLE: Final = "00000000-0000-0000-0000-000000000000"
WAYS: Final = (
    _way("POST", "captures", "data-organizer-gateway"),
    _way("GET", f"captures(/{CAPTURE})?", "job-repository"),
    _way("GET", r"jobs/[^/]+/outputs(/[^/]+)?", "file-sender-gateway"),
    _way("GET", r"jobs/[^/]+/(planes(/[^/]+)?|labels|objects)", "pipeline-registry"),
    _way("GET", r"jobs(/[^/]+(/(timeline|set|verdict))?)?", "job-repository"),
    _way("GET", f"plates(/finished|/{CAPTURE}(/(table|images)[.]csv)?)?", "job-repository"),
    _way("GET", "(summary|events)", "job-repository"),
)
OWN: Final = frozenset({"/healthz", "/readyz", "/metrics", "/api/v2/ping"})


class MethodRefused(RequestRefused):
    """The address is known, but not with this method."""

    code: ClassVar[str] = "method_refused"
    status: ClassVar[int] = 405


class Front:
    """Passes each call to the service that answers it; its own app answers for health and starts and stops with it.

    Args:
        own: the service that listens here.
        services: all services of this process by name, `own` among them.
    """

    def __init__(self, own: ASGIApp, services: Mapping[str, ASGIApp]) -> None:
        self._own = own
        self._services = dict(services)
        self._document: dict[str, Any] = {}
        self._described = {name: app.openapi for name, app in services.items() if isinstance(app, FastAPI)}
        self._frame: Described = own.openapi if isinstance(own, FastAPI) else dict
        if isinstance(own, FastAPI):  # its door asks who reads the document, too
            own.openapi = self.document  # type: ignore[method-assign]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Route one request."""
        await self._target(scope)(scope, receive, send)

    def _target(self, scope: Scope) -> ASGIApp:
        path: str = scope.get("path", "")
        if scope["type"] == "lifespan" or path in OWN or path == DOCUMENT:
            return self._own
        asked = "GET" if scope.get("method") == "HEAD" else scope.get("method")
        ways = [way for way in WAYS if way.path.fullmatch(path)]
        if not ways:
            return problem.respond(NotFound(f"Nothing is served at {path}.", next_step="See /openapi.json."))
        taken = next((way for way in ways if way.method == asked), None)
        return self._services[taken.service] if taken else _refusal(path, {way.method for way in ways})

    def document(self) -> dict[str, Any]:
        """The OpenAPI description of what is served here, put together from those of the services."""
        if not self._document:
            self._document = _merged(self._frame(), self._described)
        return self._document


def _refusal(path: str, methods: set[str]) -> ASGIApp:
    allowed = ", ".join(sorted(methods))
    answer = problem.respond(MethodRefused(f"{path} is only served to {allowed}.", next_step="See /openapi.json."))
    answer.headers["Allow"] = allowed
    return answer


def _merged(frame: dict[str, Any], services: Mapping[str, Described]) -> dict[str, Any]:
    named = {way.service for way in WAYS}
    described = {name: document() for name, document in services.items() if name in named}
    paths: dict[str, dict[str, Any]] = {}
    schemas: dict[str, Any] = {}
    for way in WAYS:
        told = described.get(way.service, {})
        schemas |= told.get("components", {}).get("schemas", {})
        for path, methods in told.get("paths", {}).items():
            if way.path.fullmatch(re.sub(r"\{\w+\}", SAMPLE, path)) and way.method.lower() in methods:
                paths.setdefault(path, {})[way.method.lower()] = methods[way.method.lower()]
    return {**frame, "paths": paths, "components": {"schemas": schemas}}
