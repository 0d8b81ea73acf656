"""A gateway that speaks the documented contract over real HTTP: `POST /edge/v2/captures` and the feed of ended ones.

It keeps its record in memory and can lose things on purpose: answers, its whole memory, or itself.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from uuid import uuid4

import uvicorn
from fastapi import FastAPI

from labrelay.contracts.audit import AuditHead
from labrelay.contracts.captures import Announcement, CaptureAccepted, EndedCaptures
from labrelay.contracts.instruments import WatchingThere
from labrelay.errors import Conflict, LabrelayError, NotFound, ServiceUnavailable
from labrelay.http import create_app


class PredecessorMismatch(Conflict):
    code = "predecessor_mismatch"


class Gateway:
    """The double.

    Attributes:
        heard: every announcement, in order of arrival.
        captures: capture id and announcement, in order of creation.
        kept: what a reader of another epoch's feed is told of its ends.
        watching: what the side told of its folders, in order of arrival.
        is_older: of a version that doesn't ask for them.
        refuse: called with each announcement; an error that it returns is the answer.
        lose_answer: the next so many announcements are taken, but the answer gets lost.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.epoch = 1
        self.heard: list[Announcement] = []
        self.captures: list[tuple[str, Announcement]] = []
        self.ended: list[str] = []
        self.kept: int | None = None
        self.head: AuditHead | None = None
        self.watching: list[WatchingThere] = []
        self.is_older = False
        self.end_at_once = False
        self.matched = True
        self.lose_answer = 0
        self.refuse: Callable[[Announcement], LabrelayError | None] = lambda _: None
        self._lock = threading.Lock()
        self._server: uvicorn.Server | None = None

    def contents(self, path: str) -> list[str]:
        return [said.sha256 for _, said in self.captures if said.path == path]

    def announce(self, said: Announcement) -> CaptureAccepted:
        with self._lock:
            self.heard.append(said)
            refusal = self.refuse(said)
            if refusal is not None:
                raise refusal
            answer = self._answer(said)
            if self.lose_answer > 0:
                self.lose_answer -= 1
                raise ServiceUnavailable("the answer gets lost")
        return answer

    def _answer(self, said: Announcement) -> CaptureAccepted:
        mine = [(cid, each) for cid, each in self.captures if (each.folder, each.path) == (said.folder, said.path)]
        for number, (cid, each) in enumerate(mine, start=1):
            if (each.sha256, each.predecessor) == (said.sha256, said.predecessor):
                return self._accepted(cid, number, created=False)
        last = mine[-1] if mine else None
        if said.predecessor != (last[0] if last else None):
            raise PredecessorMismatch(
                "another predecessor",
                last_capture_id=last[0] if last else None,
                last_sha256=last[1].sha256 if last else None,
                last_generation=len(mine),
            )
        cid = said.capture_id or str(uuid4())
        self.captures.append((cid, said))
        self.ended += [cid] if self.end_at_once else []
        return self._accepted(cid, len(mine) + 1, created=True)

    def _accepted(self, cid: str, generation: int, *, created: bool) -> CaptureAccepted:
        return CaptureAccepted(
            capture_id=cid,
            generation=generation,
            epoch=self.epoch,
            jobs=(str(uuid4()),),
            matched=self.matched,
            created=created,
            bytes_needed=True,
            ended=cid in self.ended and not created,
        )

    def app(self) -> FastAPI:
        app = create_app("gateway-double")

        @app.post("/edge/v2/captures")
        def announce(said: Announcement) -> CaptureAccepted:
            return self.announce(said)

        @app.post("/edge/v2/captures/watching", status_code=204)
        def watching(said: WatchingThere) -> None:
            if self.is_older:
                raise NotFound("not found")
            self.watching.append(said)

        @app.get("/edge/v2/captures/ended")
        async def ended(instrument: str, after: int, wait: float, epoch: int | None = None) -> EndedCaptures:
            known = self.epoch if epoch is None else epoch  # a reader of another epoch's feed is told at once
            ends = time.monotonic() + wait
            while len(self.ended) <= after and self.epoch == known and time.monotonic() < ends:
                await asyncio.sleep(0.02)
            return EndedCaptures(
                epoch=self.epoch,
                next=len(self.ended),
                ended=tuple(self.ended[after:]),
                kept=self.kept if epoch not in (None, self.epoch) else None,
                head=self.head,
                version="gateway-double",
            )

        return app

    def start(self) -> None:
        config = uvicorn.Config(
            self.app(), host="127.0.0.1", port=self.port, log_level="critical", timeout_graceful_shutdown=0
        )
        self._server = uvicorn.Server(config)
        threading.Thread(target=self._server.run, daemon=True).start()
        while not self._server.started:
            time.sleep(0.01)

    def stop(self) -> None:
        if self._server is not None:
            self._server.should_exit = True
            while self._server.servers and self._server.started and any(s.is_serving() for s in self._server.servers):
                time.sleep(0.01)
