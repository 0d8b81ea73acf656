"""Connections that nobody can hold for nothing: heads have a size and a time, and there is an end to their number.

uvicorn itself waits for ever for a request's head, keeps a head of any size, and for ever for a client that doesn't
read its answer.
"""

import asyncio
import contextlib
import logging
import sys
from typing import Any, Final

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from labrelay.errors import RequestRefused
from labrelay.http import problem
from labrelay.http.refusals import note_connection

MOST_HEAD: Final = 65_536
"""Bytes of a request's line and headers."""
MOST_HEADERS: Final = 100
HEAD_S: Final = 20.0
"""Seconds for a whole head, from the opening of a connection or the head's first byte."""
SILENT_READER_S: Final = 60.0
"""A client that takes less than about 48 kB of its answer in this time is cut off."""
MOST_OPEN: Final = 4096
SPARE_FILES: Final = 0.5
"""Share of this process's file descriptors that connections may have."""
MOST_FILES: Final = 65_536
_logger = logging.getLogger("labrelay.http.connections")
_logger.setLevel(logging.ERROR)


class HeadTooLarge(RequestRefused):
    """The request's line and headers are too large or too many."""

    code = "head_too_large"
    default_next_step = "Send fewer and shorter headers."
    status = 431


class Doorkeeper:
    """All connections of this process, oldest first.

    Args:
        most: how many may be open; when one more comes, the oldest that asks for nothing goes.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._open: dict[Connection, None] = {}

    def admit(self, connection: "Connection") -> bool:
        """Let a connection in; False when all others are at work."""
        if len(self._open) >= self.most:
            idle = next((each for each in self._open if each.idle), None)
            if idle is None:
                return False
            idle.cut("connection_crowded_out", "Too many connections are open; an idle one was closed.")
        self._open[connection] = None
        return True

    def forget(self, connection: "Connection") -> None:
        """A connection has gone."""
        self._open.pop(connection, None)


doorkeeper = Doorkeeper(MOST_OPEN)


class Connection(HttpToolsProtocol):
    """uvicorn's HTTP connection with limits."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.logger = _logger  # uvicorn's own tells of every nonsense that comes, as often as it comes
        self._in_head = True
        self._head_bytes = 0
        self._head_timer: asyncio.TimerHandle | None = None
        self._reader_timer: asyncio.TimerHandle | None = None

    @property
    def idle(self) -> bool:
        """Whether no request is being answered."""
        return self._in_head and (self.cycle is None or self.cycle.response_complete)

    def cut(self, code: str, cause: str) -> None:
        """End the connection at once, whatever is unsent."""
        note_connection(code, cause, self.client)
        doorkeeper.forget(self)
        self.transport.abort()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has come."""
        super().connection_made(transport)
        if doorkeeper.admit(self):
            self._wait_for_head()
        else:
            self.cut("too_many_connections", "Too many connections are open, and all are at work.")

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone."""
        doorkeeper.forget(self)
        for timer in (self._head_timer, self._reader_timer):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self.transport.is_closing() or not self._in_head:
            return
        if self._head_bytes > MOST_HEAD:
            self.cut(HeadTooLarge.code, "A request's head was larger than it may be.")
        elif self.idle:
            self._wait_for_head()

    def on_headers_complete(self) -> None:
        """The head is here: too large a one is answered, too."""
        self._in_head = False
        self._stop_waiting_for_head()
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        app = self.app
        if size > MOST_HEAD or len(self.headers) > MOST_HEADERS:
            self.app = self._refuse_head
        super().on_headers_complete()
        self.app = app

    def on_message_complete(self) -> None:
        """The body is here; what comes now is the next head."""
        super().on_message_complete()
        self._in_head, self._head_bytes = True, 0

    def send_400_response(self, msg: str) -> None:
        """What came isn't HTTP."""
        note_connection("not_http", msg, self.client)
        super().send_400_response(msg)

    def pause_writing(self) -> None:
        """The client doesn't keep up with its answer."""
        super().pause_writing()
        if self._reader_timer is None:
            self._reader_timer = self.loop.call_later(SILENT_READER_S, self._end_reading)

    def resume_writing(self) -> None:
        """It has caught up."""
        super().resume_writing()
        if self._reader_timer is not None:
            self._reader_timer.cancel()
            self._reader_timer = None

    def timeout_keep_alive_handler(self) -> None:
        """Nothing was asked for a while; a client that hasn't even read its last answer is not waited for."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        super().timeout_keep_alive_handler()

    def _wait_for_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_S, self._end_waiting)

    def _stop_waiting_for_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _end_waiting(self) -> None:
        self._head_timer = None
        if self.idle:
            self.cut("head_too_slow", f"No request came within {HEAD_S:g} s.")

    def _end_reading(self) -> None:
        self._reader_timer = None
        self.cut("reader_too_slow", f"The client took nothing of its answer for {SILENT_READER_S:g} s.")

    async def _refuse_head(self, scope: Scope, receive: Receive, send: Send) -> None:
        cause = f"The request's head has more than {MOST_HEAD:,} bytes or {MOST_HEADERS} headers."
        note_connection(HeadTooLarge.code, cause, self.client)
        answer = problem.respond(HeadTooLarge(cause))
        answer.headers["Connection"] = "close"
        await answer(scope, receive, send)


def make_room() -> None:
    """Let this process open as many files as the system allows it, and connections take their share of them."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):  # a system with limits beyond these numbers
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    files = MOST_FILES if soft == resource.RLIM_INFINITY else soft
    doorkeeper.most = max(16, min(MOST_OPEN, int(files * SPARE_FILES)))
