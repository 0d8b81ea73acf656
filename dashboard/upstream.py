"""Follows the job repository's live events in one thread, whatever the number of open pages."""

import json
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import requests

from labrelay.errors import ServiceUnavailable
from labrelay.http import Client
from labrelay.loops import OwnerLoop

EVENTS: Final = "/api/v2/events"
REST_S: Final = 0.5


@dataclass(frozen=True)
class Cut:
    """What changed since the cut before.

    Attributes:
        seq: the newest running number.
        job_ids: the jobs that changed, each once, oldest change first.
        everything: events may have been missed, so all pages must be read anew.
    """

    seq: int
    job_ids: tuple[str, ...]
    everything: bool


class Changes:
    """Collects changed jobs until the next cut; a job that changes a thousand times counts once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seq = 0
        self._job_ids: dict[str, None] = {}
        self._everything = False

    def note(self, seq: int, job_id: str) -> None:
        """A job changed."""
        with self._lock:
            self._seq = seq
            self._job_ids.pop(job_id, None)
            self._job_ids[job_id] = None

    def note_all(self, seq: int | None = None) -> None:
        """Anything may have changed."""
        with self._lock:
            self._seq = self._seq if seq is None else seq
            self._everything = True

    def take(self) -> Cut | None:
        """Everything since the last take, or None when nothing changed."""
        with self._lock:
            if not (self._job_ids or self._everything):
                return None
            cut = Cut(self._seq, tuple(self._job_ids), self._everything)
            self._job_ids, self._everything = {}, False
        return cut


class Upstream:
    """One subscription to the repository's events, taken up again for as long as it runs.

    Attributes:
        connected: whether events arrive now.
    """

    def __init__(self, client: Client, changes: Changes) -> None:
        self._client = client
        self._changes = changes
        self._response: requests.Response | None = None
        self._last: int | None = None
        self._ending = False
        self.connected = False
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
        with self._client.request("GET", EVENTS, stream=True, headers={"Last-Event-ID": str(self._last)}) as response:
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
        for event in parse_events(response.iter_lines(chunk_size=None, decode_unicode=False)):
            self._last = int(event["seq"])
            self._changes.note(self._last, str(event["job_id"]))
            if self._ending:
                return


def parse_events(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """The JSON data of each event of an SSE stream (format: WHATWG HTML, section 9.2.6); comments are passed over."""
    data: list[bytes] = []
    for line in lines:
        if line.startswith(b"data:"):
            data.append(line.removeprefix(b"data:").removeprefix(b" "))
        elif not line and data:
            yield json.loads(b"\n".join(data))
            data = []
