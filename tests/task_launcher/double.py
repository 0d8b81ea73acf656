"""A small honest double of the job repository: the documented contract over real HTTP, state machine as the real one.

It keeps jobs in memory. `age` moves its clock forward, so that tests of deadlines need not wait.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import uvicorn
from fastapi import FastAPI, Request

from job_repository.jobs.transitions import apply
from labrelay.capability import parse_fence
from labrelay.contracts.aicsd import WireReport
from labrelay.contracts.jobs import Job, OwnedJob, OwnedJobs, PipelineReport, ReportedOutput, Source
from labrelay.contracts.states import PipelineStatus, Stage
from labrelay.contracts.tasks import FrozenTask, Task, TaskDraft
from labrelay.contracts.transitions import ClaimJob, ReportJob, StepRequest
from labrelay.errors import Conflict, NotFound
from labrelay.http import problem


class Repository:
    """Jobs, tasks, leases, and a clock that tests may move."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self.tasks: dict[str, Task] = {}
        self.steps: list[tuple[str, str]] = []
        self.acts: list[dict[str, Any]] = []
        self.seq = 1
        self.epoch = 1
        self.passed_s = 0.0
        self._entered: dict[str, float] = {}
        self._claimed: dict[str, float] = {}
        self._lease_end: dict[str, float] = {}
        self._lock = threading.RLock()

    def now(self) -> float:
        return time.monotonic() + self.passed_s

    def age(self, seconds: float) -> None:
        with self._lock:
            self.passed_s += seconds
            self.seq += 1

    def add(self, job: Job) -> Job:
        with self._lock:
            self.jobs[job.id] = job
            self._entered[job.id] = self.now()
            self.seq += 1
        return job

    def take(self, job_id: str, step: Any) -> Job:
        with self._lock:
            before = self.one(job_id)
            after = apply(before, step, time.time_ns())
            if after is not before:
                self._keep(before, after, step)
            return after

    def _keep(self, before: Job, after: Job, step: Any) -> None:
        self.jobs[after.id] = after
        self.steps.append((after.id, step.step))
        self.seq += 1
        if after.stage is not before.stage:
            self._entered[after.id] = self.now()
        if isinstance(step, ClaimJob):
            self._claimed[after.id] = self.now()
            self._lease_end[after.id] = self.now() + step.lease_s

    def one(self, job_id: str) -> Job:
        if job_id not in self.jobs:
            raise NotFound(f"No job {job_id}.")
        return self.jobs[job_id]

    def renew(self, job_id: str, epoch: int, attempt: int, lease_s: float) -> None:
        job = self.one(job_id)
        if (job.epoch, job.attempt) != (epoch, attempt) or job.stage not in (Stage.PROCESSING, Stage.REPORTED):
            raise Conflict("The attempt holds no lease.")
        self._lease_end[job_id] = self.now() + lease_s

    def owned(self, owner: str, limit: int, pipeline: str | None) -> OwnedJobs:
        with self._lock:
            jobs = sorted(self.jobs.values(), key=lambda job: job.stage is Stage.READY)
            topics = {job.id: job.task.pipeline if job.task else "" for job in jobs}
            mine = [self._owned(job) for job in jobs if job.owner == owner and pipeline in (None, topics[job.id])]
            return OwnedJobs(epoch=self.epoch, seq=self.seq, jobs=tuple(mine[:limit]))

    def _owned(self, job: Job) -> OwnedJob:
        claimed = job.stage in (Stage.PROCESSING, Stage.REPORTED)
        return OwnedJob(
            job=job,
            age_s=self.now() - self._entered.setdefault(job.id, self.now()),
            lease_left_s=self._lease_end[job.id] - self.now() if claimed else None,
            claim_age_s=self.now() - self._claimed[job.id] if claimed else None,
        )

    def task(self, task_id: str) -> Task:
        if task_id not in self.tasks:
            raise NotFound(f"No task {task_id}.")
        return self.tasks[task_id]

    def keep_task(self, task_id: str, version: int, draft: TaskDraft) -> Task:
        task = Task(id=task_id, version=version, updated_ns=time.time_ns(), **draft.model_dump())
        self.tasks[task_id] = task
        return task

    def stage(self, job_id: str) -> Stage:
        return self.jobs[job_id].stage

    def wait(self, job_id: str, *stages: Stage, seconds: float = 10.0) -> Job:
        """Wait until a job is in one of the stages."""
        end = time.monotonic() + seconds
        while self.stage(job_id) not in stages:
            if time.monotonic() > end:
                raise AssertionError(f"{job_id} is {self.stage(job_id)}, not {stages}; steps: {self.steps}")
            time.sleep(0.01)
        return self.jobs[job_id]


def a_job(task: Task | FrozenTask | None = None, **more: Any) -> Job:
    """A job that waits for a launch; `more` overrides members of the job and of its source."""
    frozen = FrozenTask.of(task) if isinstance(task, Task) else task or FrozenTask.of(a_task())
    source = {
        "capture_id": str(uuid4()),
        "instrument": "reader-1",
        "folder": "input",
        "path": "plate1/A01.tiff",
        "generation": 1,
        "size": 5,
        "sha256": "0" * 64,
        "host": "oem",
        "directory": "/in/plate1/",
    }
    source.update({name: more.pop(name) for name in list(more) if name in Source.model_fields})
    now = time.time_ns()
    members = {"id": str(uuid4()), "epoch": 1, "revision": 1, "stage": Stage.READY, "task": frozen}
    return Job(**{**members, "source": Source(**source), "created_ns": now, "updated_ns": now, **more})


def a_task(pipeline: str = "only-file", **more: Any) -> Task:
    """A task that takes everything."""
    members = {"id": str(uuid4()), "version": 1, "updated_ns": 1, "description": "all", "selector": True}
    return Task(**{**members, "pipeline": pipeline, **more})


def create(state: Repository) -> FastAPI:
    """The double's app."""
    app = FastAPI()
    problem.install(app)

    @app.get("/api/v2/owned")
    async def owned(
        owner: str, since: int = 0, wait: int = 0, limit: int = 100, pipeline: str | None = None
    ) -> OwnedJobs:
        end = time.monotonic() + wait
        while state.seq <= since and time.monotonic() < end:
            await asyncio.sleep(0.005)
        return state.owned(owner, limit, pipeline)

    @app.get("/api/v2/jobs/{job_id}")
    def job(job_id: str) -> Job:
        return state.one(job_id)

    @app.post("/api/v2/jobs/{job_id}/transitions")
    def transition(job_id: str, request: StepRequest) -> Job:
        return state.take(job_id, request.step)

    @app.post("/api/v2/jobs/{job_id}/lease")
    async def lease(job_id: str, request: Request) -> dict[str, float]:
        body = await request.json()
        state.renew(job_id, **body)
        return {"lease_s": body["lease_s"]}

    @app.put("/api/v1/job/pipeline/{job_id}/{task_id}")
    def report(job_id: str, task_id: str, body: WireReport, attempt: str) -> None:
        fence = parse_fence(job_id, task_id, attempt)
        outputs = tuple(ReportedOutput(directory=o.dir_name, name=o.name) for o in body.output_files or ())
        said = PipelineReport(status=PipelineStatus(body.status), results=body.results, outputs=outputs)
        state.take(job_id, ReportJob(epoch=fence.epoch, attempt=fence.attempt, report=said))

    @app.post("/api/v2/audit/acts", status_code=204)
    async def enter(request: Request) -> None:
        state.acts.append(await request.json())

    _add_tasks(app, state)
    return app


def _add_tasks(app: FastAPI, state: Repository) -> None:
    @app.get("/api/v2/tasks")
    def tasks() -> dict[str, list[Task]]:
        return {"items": list(state.tasks.values())}

    @app.post("/api/v2/tasks", status_code=201)
    def add(draft: TaskDraft) -> Task:
        return state.keep_task(str(uuid4()), 1, draft)

    @app.get("/api/v2/tasks/{task_id}")
    def one(task_id: str) -> Task:
        return state.task(task_id)

    @app.put("/api/v2/tasks/{task_id}")
    def put(task_id: str, draft: TaskDraft) -> Task:
        return state.keep_task(task_id, state.task(task_id).version + 1, draft)

    @app.delete("/api/v2/tasks/{task_id}", status_code=204)
    def delete(task_id: str) -> None:
        del state.tasks[state.task(task_id).id]


class Served:
    """An app on a port of loopback, in a thread of its own."""

    def __init__(self, app: FastAPI, port: int, poke: Callable[[], None] = lambda: None) -> None:
        self._poke = poke
        config = uvicorn.Config(app, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self) -> "Served":
        self._thread.start()
        end = time.monotonic() + 10
        while not self._server.started:
            assert self._thread.is_alive()
            assert time.monotonic() < end
            time.sleep(0.005)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        while self._thread.is_alive():
            self._poke()
            self._thread.join(0.02)
