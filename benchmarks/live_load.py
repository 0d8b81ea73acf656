"""The two ends of the live benchmark: jobs that change a thousand times a second, and pages that follow."""

import asyncio
import json
import random
import re
import time
from hashlib import sha256
from multiprocessing.queues import Queue
from typing import Any, Final
from uuid import uuid4

import uvicorn
from fastapi import FastAPI

from dashboard.app import create as create_dashboard
from job_repository.app import create as create_repository
from job_repository.live.store import Change, LiveStore
from labrelay.contracts.jobs import Job, Source
from labrelay.contracts.states import Stage
from labrelay.contracts.tasks import FrozenTask
from labrelay.settings import Settings

STEP_S: Final = 0.05
TASK: Final = FrozenTask(
    id="t", version=1, description="Count nuclei", pipeline="nuclei", carrier="streams", parameters={}
)
_TILE: Final = re.compile(rb'"updated_ns":(\d+)')


def serve_dashboard(settings: Settings) -> None:
    """The dashboard in a process of its own, until it is ended."""
    _serve(create_dashboard(settings), settings.ports.dashboard)


def serve_repository(settings: Settings) -> None:
    """The real repository in a process of its own, until it is ended."""
    _serve(create_repository(settings), settings.ports.job_repository)


def _serve(app: FastAPI, port: int) -> None:
    uvicorn.run(app, port=port, log_level="critical", timeout_graceful_shutdown=0)


def feed(settings: Settings, count: int, rate: int) -> None:
    """Jobs change in the live store, whose events the repository's projector brings into its record."""
    live = LiveStore(settings.redis_url)
    while not (epoch := live.stored_epoch()):
        time.sleep(0.1)
    live.epoch = epoch
    jobs = [_job(number, live.epoch) for number in range(count)]
    for start in range(0, count, 100):
        step = json.dumps({"step": "created", "actor": "benchmark", "epoch": live.epoch, "notes": []})
        live.create([(job, step) for job in jobs[start : start + 100]])
    due = time.monotonic()
    while True:
        due += STEP_S
        time.sleep(max(0.0, due - time.monotonic()))
        chosen = random.sample(range(count), round(rate * STEP_S))
        changes = [Change(jobs[place], _moved(jobs[place]), '{"step":"claim","actor":"benchmark"}') for place in chosen]
        live.commit_all(changes)
        for place, change in zip(chosen, changes, strict=True):
            jobs[place] = change.after


def _job(number: int, epoch: int) -> Job:
    now, path = time.time_ns(), f"plate{number // 384}/{number % 384:03}.tif"
    attributes = {
        "plate": f"plate{number // 384}",
        "well": f"{'ABCDEFGHIJKLMNOP'[number % 16]}{number // 16 % 24 + 1:02}",
    }
    source = Source(
        capture_id=str(uuid4()), instrument="reader-1", folder="input", path=path, generation=1, size=4_200_000,
        sha256=sha256(path.encode()).hexdigest(), host="oem", directory="/data/input/", attributes=attributes,
    )  # fmt: skip
    return Job(
        id=str(uuid4()), epoch=epoch, revision=1, stage=Stage.LAUNCHED, source=source, task=TASK,
        created_ns=now, updated_ns=now,
    )  # fmt: skip


def _moved(job: Job) -> Job:
    stage = Stage.PROCESSING if job.stage is Stage.LAUNCHED else Stage.LAUNCHED
    changes = {"stage": stage, "revision": job.revision + 1, "updated_ns": time.time_ns()}
    return job.model_copy(update=changes)


def follow(port: int, clients: int, seconds: float, told: "Queue[dict[str, Any]]") -> None:
    """Open pages' streams in a process of their own; what came when is reckoned afterwards."""
    told.put(asyncio.run(_follow(port, clients, seconds)))


async def _follow(port: int, clients: int, seconds: float) -> dict[str, Any]:
    messages: dict[bytes, bytes] = {}
    arrivals: list[tuple[bytes, int]] = []
    until = time.monotonic() + seconds
    received = await asyncio.gather(*(_client(port, until, messages, arrivals) for _ in range(clients)))
    tiles = {mark: [int(each) for each in _TILE.findall(body)] for mark, body in messages.items()}
    late = sorted((at - changed) / 1e6 for mark, at in arrivals for changed in tiles[mark])
    return {
        "megabytes_each_s": round(sum(received) / clients / seconds / 1e6, 3),
        "resyncs": sum(b"event: resync" in body for body in messages.values()),
        "tiles_per_message": round(sum(map(len, tiles.values())) / max(1, sum(map(bool, tiles.values())))),
        "change_to_client_ms": quantiles(late),
    }


async def _client(port: int, until: float, messages: dict[bytes, bytes], arrivals: list[tuple[bytes, int]]) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
    writer.write(b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    received = 0
    while time.monotonic() < until:
        size = int(await reader.readline(), 16)
        body = await reader.readexactly(size + 2)
        received += size
        mark = body.partition(b"\n")[0]
        if b"\nevent: change" in body[:100]:
            arrivals.append((mark, time.time_ns()))
            messages.setdefault(mark, body)
    writer.close()
    return received


def quantiles(values: list[float]) -> dict[str, float]:
    """How many there are of sorted values, the middle one, the 95th hundredth and the largest."""
    if not values:
        return {"count": 0}
    count = len(values)
    return {
        "count": count,
        "p50": round(values[count // 2]),
        "p95": round(values[min(count - 1, round(0.95 * count))]),
        "max": round(values[-1]),
    }
