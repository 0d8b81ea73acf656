"""A small honest double of the job repository and the gateway's file sender: the documented contract over real HTTP."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI, Header, Query
from fastapi.responses import Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from job_repository.jobs.tiles import tile_of
from job_repository.phases.spans import spans_of
from labrelay import __version__
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from labrelay.errors import Conflict, NotFound, ServiceUnavailable
from labrelay.http import create_app

SPAN = ("phase", "attempt", "began_ns", "ended_ns", "ended_by", "told")


class Gateway:
    """Jobs, their events and their outputs' bytes, as the two services keep them."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self.events: list[dict[str, Any]] = []
        self.outputs: dict[tuple[str, int], bytes] = {}
        self.paused: dict[str, dict[str, Any]] = {}
        self.silent_since_ns: dict[str, int] = {}
        self.streams = 0
        self.leave = threading.Event()
        self.silent = False

    def put(self, job: Job, step: str = "created", actor: str = "", detail: str = "") -> None:
        """A transition: the job is written and its event appended."""
        self.jobs[job.id] = job
        event = {**self.event(job, len(self.events) + 1), "step": step}
        self.events.append({**event, "actor": actor, "detail": detail})

    def event(self, job: Job, seq: int) -> dict[str, Any]:
        """A job's event with this number."""
        told = {"seq": seq, "at_ns": job.updated_ns, "job_id": job.id, "stage": job.stage, "attempt": job.attempt}
        return {**told, "step": "created", "actor": "", "detail": ""}

    def told(self, event: dict[str, Any]) -> dict[str, Any]:
        """An event with the tile of its job, as the job is now."""
        tile = tile_of(self.jobs[event["job_id"]], event["seq"])
        return {**event, "tile": tile.model_dump(mode="json")}

    def find(self, job_id: str) -> Job:
        if job_id not in self.jobs:
            raise NotFound(f"There is no job {job_id}.")
        return self.jobs[job_id]

    def instruments(self) -> list[dict[str, Any]]:
        live = Counter(job.source.instrument for job in self.jobs.values() if not job.final)
        names = {job.source.instrument for job in self.jobs.values()} | self.paused.keys()
        return [
            {
                **{"instrument": name, "jobs": 1, "live": live[name], "last_ns": 0},
                **{"paused": self.paused.get(name), "silent_since_ns": self.silent_since_ns.get(name)},
            }
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
    async def events(
        last_event_id: Annotated[int, Header()] = 0, tiles: bool = False
    ) -> AsyncIterator[ServerSentEvent]:
        gateway.streams += 1
        sent = last_event_id
        while not gateway.leave.is_set():
            for event in gateway.events[sent:]:
                sent = event["seq"]
                yield ServerSentEvent(id=str(sent), data=gateway.told(event) if tiles else event)
            await asyncio.sleep(0.02)
            if not gateway.silent:
                yield ServerSentEvent(comment="keep-alive")

    return app


def _reads(app: FastAPI, gateway: Gateway) -> None:
    _list(app, gateway)
    _told_of_jobs(app, gateway)
    _of_the_lab(app)
    _instruments(app, gateway)

    @app.get("/api/v2/jobs/{job_id}")
    def job(job_id: str) -> Job:
        return gateway.find(job_id)

    @app.get("/api/v2/summary")
    def summary() -> dict[str, Any]:
        jobs = gateway.jobs.values()
        overdue = sum(bool(job.overdue) for job in jobs)
        return {
            "stages": Counter(job.stage for job in jobs),
            "failures": {},
            "overdue": overdue,
            "instruments": gateway.instruments(),
            "open": {"failed": sum(job.stage is Stage.FAILED for job in jobs), "unmatched": 0, "overdue": overdue},
        }

    @app.get("/api/v2/plates")
    def plates() -> dict[str, Any]:
        return {"items": [], "next": None}

    @app.get("/api/v2/failures")
    def failures() -> dict[str, Any]:
        return {"open": 0, "waived": 0, "items": [], "waivers": []}

    @app.get("/api/v2/throughput")
    def throughput() -> dict[str, Any]:
        return {"minutes": [], "arrived": 0, "ended": 0, "backlog": 0, "clears_ns": None, "over_minutes": 15}

    @app.get("/api/v2/alarms")
    def alarms() -> dict[str, Any]:
        return {"items": []}

    @app.get("/api/v2/epoch")
    def epoch() -> dict[str, int]:
        return {"epoch": 1, "seq": len(gateway.events)}


def _list(app: FastAPI, gateway: Gateway) -> None:
    @app.get("/api/v2/jobs")
    def jobs(
        stage: Annotated[list[Stage] | None, Query()] = None,
        path: str = "",
        capture_id: str = "",
        limit: int = 100,
        after: str = "",
        facets: bool = False,
    ) -> dict[str, Any]:
        newest = sorted(gateway.jobs.values(), key=lambda job: job.created_ns, reverse=True)
        taken = [job for job in newest if job.stage in (stage or Stage) and path.lower() in job.source.path.lower()]
        taken = [job for job in taken if capture_id in ("", job.source.capture_id)]
        begin = int(after or 0)
        more = str(begin + limit) if len(taken) > begin + limit else None
        return {
            "items": taken[begin : begin + limit],
            "next": more,
            "facets": _facets(taken) if facets else None,
        }


def _instruments(app: FastAPI, gateway: Gateway) -> None:
    @app.get("/api/v2/instruments")
    def instruments() -> dict[str, Any]:
        return gateway.paused

    @app.put("/api/v2/instruments/{name}/pause")
    def pause(name: str, asked: dict[str, Any]) -> dict[str, Any]:
        held = {"by": asked["by"], "reason": asked["reason"], "since_ns": time.time_ns()}
        gateway.paused = {**gateway.paused, name: {"gateway": held}} if asked["paused"] else {}
        return gateway.paused.get(name, {})


def _told_of_jobs(app: FastAPI, gateway: Gateway) -> None:
    @app.get("/api/v2/jobs/tiles")
    def tiles(ids: str) -> dict[str, Any]:
        return {"items": [tile_of(gateway.find(each), 1).model_dump(mode="json") for each in ids.split(",")]}

    @app.get("/api/v2/jobs/{job_id}/timeline")
    def timeline(job_id: str) -> dict[str, Any]:
        return {"events": [event for event in gateway.events if event["job_id"] == job_id]}

    @app.get("/api/v2/jobs/{job_id}/phases")
    def phases(job_id: str) -> dict[str, Any]:
        found = spans_of(event for event in gateway.events if event["job_id"] == job_id)
        items = [{name: getattr(span, name) for name in SPAN} for span in found]
        return {"items": items, "compared": 0}

    @app.get("/api/v2/jobs/{job_id}/verdict")
    def verdict(job_id: str) -> dict[str, Any]:
        return {"job_id": job_id}

    @app.get("/api/v2/views")
    @app.get("/api/v2/tasks")
    @app.get("/api/v2/actions")
    @app.get("/api/v2/alarms/channels")
    @app.get("/api/v2/alarms/deliveries")
    @app.get("/api/v2/alarms/rules")
    @app.get("/api/v2/instruments/reports")
    def nothing() -> dict[str, Any]:
        return {"items": []}

    @app.get("/api/v2/audit")
    def trail() -> dict[str, Any]:
        return {"items": [], "next": None}


def _of_the_lab(app: FastAPI) -> None:
    @app.get("/api/v2/reviews/queue")
    def queue() -> dict[str, Any]:
        counts = dict.fromkeys(("place", "waiting", "judged", "total"), 0)
        return {"here": None, "next": None, "previous": None, "more": False, **counts}

    @app.get("/api/v2/health")
    def health() -> dict[str, Any]:
        well: dict[str, Any] = {"lag": 0, "trouble": {}, "disagreements": [], "contacts": {}, "backup": {}}
        return {"version": __version__, "epoch": 1, "epoch_ns": 0, "heard_for_s": 0.0, **well}


def _facets(jobs: list[Job]) -> dict[str, Any]:
    counted = {"stage": Counter(job.stage for job in jobs), "status": Counter(job.status for job in jobs)}
    return {"total": len(jobs), **counted, "code": {}, "instrument": {}, "pipeline": {}}


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
