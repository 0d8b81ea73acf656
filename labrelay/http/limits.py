"""What one request may be: so many bytes within so much time, nested so deep, with so many values.

Everything but a stream is taken in whole before a handler sees it, so that a slow client holds no thread, and what
would cost a parser gigabytes is refused by its size and shape alone. Streams (`stream`) keep limits of their own.
"""

import re
from collections.abc import Sequence
from typing import Final

import anyio
from fastapi import FastAPI
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from labrelay.errors import RequestRefused
from labrelay.http import problem, refusals

MOST_BYTES: Final = 8 << 20
BODY_S: Final = 30.0
"""Seconds that a body may take; a megabyte at 300 kbit/s fits."""
MOST_QUERY: Final = 16_384
MOST_PARAMETERS: Final = 256
MOST_DEPTH: Final = 64
MOST_VALUES: Final = 200_000
NO_BODY: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_SHAPE: Final = re.compile(rb'"(?:[^"\\]+|\\.)*+"|[\[{]|[\]}]', re.DOTALL)


class BodyTooLarge(RequestRefused):
    """The body is larger than this route takes."""

    code = "body_too_large"
    default_next_step = "Send less at a time; files belong on the routes for files."
    status = 413


class BodyTooSlow(RequestRefused):
    """The body didn't come in time."""

    code = "body_too_slow"
    default_next_step = "Look at the network between the two machines, then send it again."
    retryable = True
    status = 408


class JsonTooWild(RequestRefused):
    """The JSON is nested too deep or has too many values."""

    code = "json_too_wild"
    default_next_step = "Send a simpler document."


class QueryTooLong(RequestRefused):
    """The query string is too long or has too many parameters."""

    code = "query_too_long"
    default_next_step = "Ask for less at a time."
    status = 414


class Limits:
    """Takes bodies in before the app sees them.

    Args:
        app: what is protected.
        most_bytes: of a body.
        body_s: seconds for a body.
    """

    def __init__(self, app: ASGIApp, most_bytes: int = MOST_BYTES, body_s: float = BODY_S) -> None:
        self._app = app
        self._most_bytes = most_bytes
        self._body_s = body_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its whole body, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            _check_query(scope["query_string"])
            taken = receive if _is_streamed(scope) else await self._taken(scope, receive)
        except RequestRefused as refused:
            refusals.note(refused, scope.get("client"))
            await _refuse(refused, scope, receive, send)
        except ClientDisconnect:
            return
        else:
            await self._app(scope, taken, send)

    async def _taken(self, scope: Scope, receive: Receive) -> Receive:
        if scope["method"] in NO_BODY:
            return receive
        body = await self._body(scope, receive)
        check_shape(body)
        return _given_back(body, receive)

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        self._check_size(_announced(scope))
        body = bytearray()
        try:
            with anyio.fail_after(self._body_s):
                more = True
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise ClientDisconnect
                    body += message.get("body", b"")
                    self._check_size(len(body))
                    more = message.get("more_body", False)
        except TimeoutError as error:
            raise BodyTooSlow(f"The body didn't come within {self._body_s:g} s.") from error
        return bytes(body)

    def _check_size(self, size: int) -> None:
        if size > self._most_bytes:
            raise BodyTooLarge(f"The body has more than {self._most_bytes:,} bytes.")


def install(app: FastAPI) -> None:
    """Limit an app's requests."""
    app.add_middleware(Limits)


def stream(app: FastAPI, method: str, path: str) -> None:
    """Leave the bodies of a route alone: it takes them in as they come, under limits of its own.

    Args:
        app: that has the route.
        method: of the route.
        path: a regular expression of the whole path.
    """
    known: Sequence[tuple[str, re.Pattern[str]]] = getattr(app.state, "streams", ())
    app.state.streams = (*known, (method, re.compile(path)))


def check_shape(body: bytes) -> None:
    """Refuse JSON that is small but costs its reader much; what isn't JSON passes.

    Raises:
        JsonTooWild: nested deeper than `MOST_DEPTH`, or more values than `MOST_VALUES`.
    """
    if body.lstrip()[:1] not in (b"{", b"["):
        return
    opened = body.count(b"[") + body.count(b"{")
    if opened + body.count(b",") > MOST_VALUES:
        raise JsonTooWild(f"The document has more than {MOST_VALUES:,} values.")
    if opened > MOST_DEPTH and _is_deep(body):
        raise JsonTooWild(f"The document is nested deeper than {MOST_DEPTH} levels.")


def _is_deep(body: bytes) -> bool:
    depth = 0
    for found in _SHAPE.finditer(body):
        mark = found[0][:1]
        depth += 1 if mark in b"[{" else -1 if mark in b"]}" else 0
        if depth > MOST_DEPTH:
            return True
    return False


def _check_query(query: bytes) -> None:
    if len(query) > MOST_QUERY or query.count(b"&") >= MOST_PARAMETERS:
        raise QueryTooLong(f"The query has more than {MOST_QUERY:,} bytes or {MOST_PARAMETERS} parameters.")


def _is_streamed(scope: Scope) -> bool:
    streams = getattr(getattr(scope.get("app"), "state", None), "streams", ())
    return any(scope["method"] == method and path.fullmatch(scope["path"]) for method, path in streams)


def _announced(scope: Scope) -> int:
    value = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(value) if value.isdigit() and len(value) < 20 else 0


def _given_back(body: bytes, receive: Receive) -> Receive:
    """A body that was taken in already, then whatever else the client does."""
    rest = [body]

    async def give() -> Message:
        if rest:
            return {"type": "http.request", "body": rest.pop(), "more_body": False}
        return await receive()

    return give


async def _refuse(refused: RequestRefused, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer and end the connection: the rest of the body shall not come."""
    answer = problem.respond(refused)
    answer.headers["Connection"] = "close"
    await answer(scope, receive, send)
