"""Which endpoint a request is for, found before its body is read; mounts and included routers too."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette._utils import get_route_path
from starlette.routing import Mount
from starlette.types import Scope

from labrelay.http.roles import Role, allowed


@dataclass(frozen=True)
class Entry:
    """One route as the app matches it.

    Attributes:
        path: as it was written, `/jobs/{job_id}`.
        pattern: matches a request's path.
        methods: what it answers to; None: to all, as a mount.
        endpoint: the function, or the mounted app.
    """

    path: str
    pattern: re.Pattern[str]
    methods: frozenset[str] | None
    endpoint: Callable[..., Any]

    @property
    def roles(self) -> frozenset[Role]:
        """Who may call it: what it says, else only labrelay's own services."""
        return allowed(self.endpoint) or frozenset({Role.SERVICE})


class Endpoints:
    """The routes of an app, in the order in which it tries them; read when the first request comes."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._entries: tuple[Entry, ...] = ()

    def __iter__(self) -> Iterator[Entry]:
        """Every route."""
        return iter(entries_of(self._app))

    def roles(self, scope: Scope) -> frozenset[Role] | None:
        """Who may call what a request asks for; None when nothing answers it."""
        self._entries = self._entries or entries_of(self._app)
        path, method = get_route_path(scope), scope["method"]
        for entry in self._entries:
            if (entry.methods is None or method in entry.methods) and entry.pattern.match(path):
                return entry.roles
        return None


def entries_of(app: FastAPI) -> tuple[Entry, ...]:
    """Every route of an app, those of included routers too; what is no HTTP route is left out and so stays shut."""
    found = []
    for route in iter_route_contexts(app.routes):
        mounted = route.original_route.app if isinstance(route.original_route, Mount) else None
        endpoint, methods = mounted or route.endpoint, None if mounted else route.methods
        if endpoint is not None and (mounted or methods):
            named = None if methods is None else frozenset(methods)
            found.append(Entry(route.path or "", route.path_regex, named, endpoint))
    return tuple(found)
