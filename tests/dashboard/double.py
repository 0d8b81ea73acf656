"""A small honest double of the job repository and the gateway's file sender: the documented contract over real HTTP."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI, Header
from fastapi.responses import Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from labrelay.errors import Conflict, NotFound, ServiceUnavailable
from labrelay.http import create_app


class Gateway:
    """Jobs, their events and their outputs' bytes, as the two services keep them."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self.events: list[dict[str, Any]] = []
        self.outputs: dict[tuple[str, int], bytes] = {}
        self.paused: dict[str, dict[str, Any]] = {}
        self.streams = 0
        self.leave = threading.Event()

    def put(self, job: Job, step: str = "created", actor: str = "", detail: str = "") -> None:
        """A transition: the job is written and its event appended."""
        self.jobs[job.id] = job
        event = {"seq": len(self.events) + 1, "at_ns": job.updated_ns, "job_id": job.id, "stage": job.stage}
        self.events.append({**event, "step": step, "actor": actor, "attempt": job.attempt, "detail": detail})

    def find(self, job_id: str) -> Job:
        if job_id not in self.jobs:
            raise NotFound(f"There is no job {job_id}.")
        return self.jobs[job_id]

    def instruments(self) -> list[dict[str, Any]]:
        live = Counter(job.source.instrument for job in self.jobs.values() if not job.final)
        names = {job.source.instrument for job in self.jobs.values()} | self.paused.keys()
        return [
            {"instrument": name, "jobs": 1, "live": live[name], "last_ns": 0, "paused": self.paused.get(name)}
            for name in sorted(names)
        ]

    def retry(self, job_id: str) -> Job:
        job = self.find(job_id)
        if job.stage is not Stage.FAILED:
            raise Conflict(f"The job is {job.stage}; only failed jobs can be retried.")
        fresh = job.model_copy(update={"stage": Stage.READY, "failure": None, "updated_ns": time.time_ns()})
        self.put(fresh, "retry", actor="person")
        return fresh


def repository_app(gateway: Gateway) -> FastAPI:
    app = create_app("job-repository")
    _reads(app, gateway)

    @app.post("/api/v2/jobs/{job_id}/retry")
    def retry(job_id: str) -> Job:
        return gateway.retry(job_id)

    def present() -> None:
        if gateway.leave.is_set():
            raise ServiceUnavailable("The repository is being restarted.")

    @app.get("/api/v2/events", response_class=EventSourceResponse, dependencies=[Depends(present)])
    async def events(last_event_id: Annotated[int, Header()] = 0) -> AsyncIterator[ServerSentEvent]:
        gateway.streams += 1
        sent = last_event_id
        while not gateway.leave.is_set():
            for event in gateway.events[sent:]:
                sent = event["seq"]
                yield ServerSentEvent(id=str(sent), data=event)
            await asyncio.sleep(0.02)

    return app


def _reads(app: FastAPI, gateway: Gateway) -> None:
    @app.get("/api/v2/jobs")
    def jobs(stage: Stage | None = None, path: str = "", limit: int = 100, after: str = "") -> dict[str, Any]:
        newest = sorted(gateway.jobs.values(), key=lambda job: job.created_ns, reverse=True)
        taken = [job for job in newest if stage in (None, job.stage) and path.lower() in job.source.path.lower()]
        begin = int(after or 0)
        more = str(begin + limit) if len(taken) > begin + limit else None
        return {"items": taken[begin : begin + limit], "next": more}

    @app.get("/api/v2/jobs/{job_id}")
    def job(job_id: str) -> Job:
        return gateway.find(job_id)

    @app.get("/api/v2/jobs/{job_id}/timeline")
    def timeline(job_id: str) -> dict[str, Any]:
        return {"events": [event for event in gateway.events if event["job_id"] == job_id]}

    @app.get("/api/v2/summary")
    def summary() -> dict[str, Any]:
        jobs = gateway.jobs.values()
        overdue = sum(bool(job.overdue) for job in jobs)
        return {
            "stages": Counter(job.stage for job in jobs),
            "failures": {},
            "overdue": overdue,
            "instruments": gateway.instruments(),
        }

    @app.get("/api/v2/instruments")
    def instruments() -> dict[str, Any]:
        return gateway.paused

    @app.put("/api/v2/instruments/{name}/pause")
    def pause(name: str, asked: dict[str, Any]) -> dict[str, Any]:
        held = {"by": asked["by"], "reason": asked["reason"], "since_ns": time.time_ns()}
        gateway.paused = {**gateway.paused, name: {"gateway": held}} if asked["paused"] else {}
        return gateway.paused.get(name, {})

    @app.get("/api/v2/epoch")
    def epoch() -> dict[str, int]:
        return {"epoch": 1, "seq": len(gateway.events)}


def sender_app(gateway: Gateway) -> FastAPI:
    app = create_app("file-sender-gateway")

    @app.get("/api/v1/transmitFile/{job_id}/{index}")
    def transmit(job_id: str, index: int) -> Response:
        if (job_id, index) not in gateway.outputs:
            raise NotFound("There is no such output.")
        return Response(gateway.outputs[job_id, index], media_type="text/plain")

    return app


@contextmanager
def served(app: FastAPI, port: int) -> Iterator[None]:
    """An app on a real port until the block ends."""
    config = uvicorn.Config(app, port=port, log_level="critical", timeout_graceful_shutdown=0)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield
    server.should_exit = True
    thread.join(10)
