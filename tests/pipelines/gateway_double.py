"""A small honest gateway for tests of pipelines: real HTTP, real Redis Streams, the fence and order of the real one."""

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis
from fastapi import FastAPI, Request

from labrelay.bus import GROUP, launch_stream
from labrelay.capability import Fence, parse_fence, query, verify
from labrelay.contracts.aicsd import WireReport
from labrelay.contracts.launches import Claim, ClaimRequest, Launch
from labrelay.errors import Conflict, LabrelayError, NotFound, RequestRefused, ServiceUnavailable, Unprocessable
from labrelay.files import digest_file
from labrelay.http import create_app
from tests.background import served as served

KEY = b"0123456789abcdef0123456789abcdef"
TASK = "task-1"
EPOCH = 3


@dataclass
class DoubleJob:
    """A job as the double keeps it."""

    job_id: str
    image: Path
    pipeline: str
    parameters: dict[str, str]
    lease_s: float
    deadline_s: float
    stage: str = "launched"
    attempt: int = 0
    report: dict[str, Any] | None = None
    status: str = ""
    renewals: int = 0
    workers: list[str] = field(default_factory=list)


class GatewayDouble:
    """Launcher and repository in one.

    Attributes:
        calls: what was accepted, in order: `claim`, `report`, `finish` with the attempt.
        faults: call → errors to raise before the next calls of this kind are served.
        gates: call → an event that is waited for before the call is served.
        tried: call → how many came.
        answered: call → how many were carried through or refused, also those whose caller is gone.
    """

    def __init__(self, redis_url: str, root: Path, port: int) -> None:
        self.redis = redis.Redis.from_url(redis_url, decode_responses=True)
        self.root = root
        self.port = port
        self.jobs: dict[str, DoubleJob] = {}
        self.calls: list[str] = []
        self.faults: dict[str, list[LabrelayError]] = defaultdict(list)
        self.gates: dict[str, threading.Event] = {}
        self.tried: dict[str, int] = defaultdict(int)
        self.answered: dict[str, int] = defaultdict(int)
        self._lock = threading.Lock()
        self.app = self._app()

    def launch(
        self,
        image: Path,
        pipeline: str = "test",
        *,
        lease_s: float = 2.0,
        deadline_s: float = 60.0,
        parameters: dict[str, str] | None = None,
    ) -> DoubleJob:
        """A new job, put on the bus."""
        job_id = f"job-{len(self.jobs) + 1}"
        job = self.jobs[job_id] = DoubleJob(job_id, image, pipeline, parameters or {}, lease_s, deadline_s)
        self._publish(job)
        return job

    def take_away(self, job: DoubleJob) -> None:
        """The launcher takes the attempt away and has not launched again yet."""
        job.stage = "ready"

    def relaunch(self, job: DoubleJob) -> None:
        """Put it on the bus again."""
        job.stage, job.report = "launched", None
        self._publish(job)

    def unsettled(self, pipeline: str = "test") -> int:
        """Launches on the stream that nobody acknowledged."""
        return int(self.redis.xlen(launch_stream(pipeline)))

    def pending(self, pipeline: str = "test") -> int:
        """Launches that were taken and not acknowledged."""
        if not self.redis.exists(launch_stream(pipeline)):
            return 0
        groups = [each["name"] for each in self.redis.xinfo_groups(launch_stream(pipeline))]
        return int(self.redis.xpending(launch_stream(pipeline), GROUP)["pending"]) if GROUP in groups else 0

    def work_folder(self, job: DoubleJob) -> Path:
        """The private folder of the job's newest attempt."""
        return self.root / "work" / job.job_id / f"{EPOCH}.{job.attempt}"

    def callbacks(self, job: DoubleJob) -> tuple[str, str]:
        """JobUpdateUrl and PipelineStatusUrl of the job's newest attempt."""
        fence = f"{job.job_id}/{TASK}?{query(KEY, Fence(job.job_id, TASK, EPOCH, job.attempt))}"
        base = f"http://127.0.0.1:{self.port}"
        return f"{base}/api/v1/job/pipeline/{fence}", f"{base}/api/v1/pipelineStatus/{fence}"

    def _publish(self, job: DoubleJob) -> None:
        launch = Launch(
            job_id=job.job_id,
            epoch=EPOCH,
            pipeline=job.pipeline,
            claim_url=f"http://127.0.0.1:{self.port}/api/v2/claims",
        )
        self.redis.xadd(launch_stream(job.pipeline), {"launch": launch.model_dump_json()})

    def _app(self) -> FastAPI:
        app = create_app("gateway-double")

        @app.post("/api/v2/claims")
        def claim(body: ClaimRequest) -> Claim:
            with self._call("claim"), self._lock:
                return self._claimed(body)

        @app.post("/api/v2/leases/{job_id}/{task_id}")
        def renew(job_id: str, task_id: str, attempt: str, key: str) -> dict[str, float]:
            with self._call("renew"):
                job = self._fenced(job_id, task_id, attempt, key, "processing", "reported")
                job.renewals += 1
                return {"lease_s": job.lease_s}

        @app.put("/api/v1/job/pipeline/{job_id}/{task_id}")
        def report(job_id: str, task_id: str, attempt: str, key: str, body: dict[str, Any]) -> dict[str, str]:
            with self._call("report"), self._lock:
                self._reported(self._fenced(job_id, task_id, attempt, key, "processing", "reported"), body)
            return {}

        @app.post("/api/v1/pipelineStatus/{job_id}/{task_id}")
        async def finish(job_id: str, task_id: str, attempt: str, key: str, request: Request) -> dict[str, str]:
            with self._call("finish"):
                job = self._fenced(job_id, task_id, attempt, key, "reported", "finished")
                self._finished(job, (await request.body()).decode())
            return {}

        return app

    @contextmanager
    def _call(self, call: str) -> Iterator[None]:
        self.tried[call] += 1
        if call in self.gates:
            self.gates[call].wait(20)
        try:
            if self.faults[call]:
                raise self.faults[call].pop(0)
            yield
        finally:
            self.answered[call] += 1

    def _claimed(self, body: ClaimRequest) -> Claim:
        job = self.jobs.get(body.job_id)
        if job is None:
            raise NotFound("There is no such job.")
        if job.stage != "launched" or body.epoch != EPOCH:
            raise Conflict("The job isn't waiting for a worker.")
        job.stage, job.attempt = "processing", job.attempt + 1
        job.workers.append(body.worker)
        self.calls.append(f"claim {job.job_id}.{job.attempt}")
        update_url, status_url = self.callbacks(job)
        output = self.work_folder(job) / "output"
        output.mkdir(parents=True)
        return Claim(
            job_id=job.job_id,
            task_id=TASK,
            task_version=4,
            epoch=EPOCH,
            attempt=job.attempt,
            input_path=str(job.image),
            input_sha256=digest_file(job.image)[0],
            source_path=f"plate1/{job.image.name}",
            instrument="reader-1",
            output_folder=str(output),
            parameters=job.parameters,
            attributes={"well": "A1"},
            job_update_url=update_url,
            status_url=status_url,
            renew_url=f"http://127.0.0.1:{self.port}/api/v2/leases/{update_url.split('/job/pipeline/')[1]}",
            lease_s=job.lease_s,
            deadline_s=job.deadline_s,
        )

    def _fenced(self, job_id: str, task_id: str, attempt: str, key: str, *stages: str) -> DoubleJob:
        fence = parse_fence(job_id, task_id, attempt)
        verify(KEY, fence, key)
        job = self.jobs[job_id]
        if job.attempt != fence.attempt or job.stage not in stages:
            raise Conflict(f"The job is {job.stage} in attempt {job.attempt}.")
        return job

    def _reported(self, job: DoubleJob, body: dict[str, Any]) -> None:
        WireReport.model_validate(body)
        if job.report is not None:
            if job.report != body:
                raise Conflict("Another report stands for this attempt.")
            return
        for output in body["OutputFiles"] or []:
            path = Path(output["DirName"]) / output["Name"]
            if "Sha256" in output and digest_file(path)[0] != output["Sha256"]:
                raise Unprocessable(f"{path} has another digest.")
        job.report, job.stage = body, "reported"
        self.calls.append(f"report {job.job_id}.{job.attempt}")

    def _finished(self, job: DoubleJob, status: str) -> None:
        if job.report is None or job.report["Status"] != status:
            raise RequestRefused("The status isn't that of the report.")
        job.status, job.stage = status, "finished"
        self.calls.append(f"finish {job.job_id}.{job.attempt}")


def away() -> LabrelayError:
    """The fault of a service that isn't ready."""
    return ServiceUnavailable("starting")
