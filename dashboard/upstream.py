"""Follows the job repository's live events in one thread, whatever the number of open pages."""

import json
import time
from collections.abc import Iterable, Iterator
from typing import Any, Final

import requests

from dashboard.changes import Changes
from labrelay.errors import ServiceUnavailable
from labrelay.http import Client
from labrelay.loops import OwnerLoop

EVENTS: Final = "/api/v2/events"
REST_S: Final = 0.5


class Upstream:
    """One subscription to the repository's events, taken up again for as long as it runs.

    Attributes:
        connected: whether events arrive now.
        heard_s: when the repository last said anything, also only that it is there (monotonic clock).
    """

    def __init__(self, client: Client, changes: Changes) -> None:
        self._client = client
        self._changes = changes
        self._response: requests.Response | None = None
        self._last: int | None = None
        self._ending = False
        self.connected = False
        self.heard_s = time.monotonic()
        self._loop = OwnerLoop("dashboard-events", self._follow, idle_s=REST_S)

    def start(self) -> None:
        """Begin."""
        self._loop.start()

    def stop(self) -> None:
        """End, also in the middle of a silent stream."""
        self._ending = True
        response = self._response
        if response is not None:
            response.raw.shutdown()
        self._loop.stop()

    def _follow(self) -> bool:
        if self._ending:
            return False
        if self._last is None:
            self._last = int(self._client.get("/api/v2/epoch")["seq"])
        last = {"Last-Event-ID": str(self._last)}
        with self._client.request("GET", EVENTS, stream=True, params={"tiles": "true"}, headers=last) as response:
            self.heard_s = time.monotonic()
            self._response, self.connected = response, True
            self._changes.note_all(self._last)
            try:
                self._read(response)
            except requests.RequestException as error:
                if not self._ending:
                    raise ServiceUnavailable(f"The stream of events broke ({type(error).__name__}).") from error
            finally:
                self._response, self.connected = None, False
        return False

    def _read(self, response: requests.Response) -> None:
        if self._ending:
            return
        for event in parse_events(self._heard(response.iter_lines(chunk_size=None, decode_unicode=False))):
            self._last = int(event["seq"])
            self._changes.note(event)
            if self._ending:
                return

    def _heard(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        for line in lines:
            self.heard_s = time.monotonic()
            yield line


def parse_events(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """The JSON data of each event of an SSE stream (format: WHATWG HTML, section 9.2.6); comments are passed over."""
    data: list[bytes] = []
    for line in lines:
        if line.startswith(b"data:"):
            data.append(line.removeprefix(b"data:").removeprefix(b" "))
        elif not line and data:
            yield json.loads(b"\n".join(data))
            data = []
