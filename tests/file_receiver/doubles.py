"""Real servers on free ports for the tests of both transfer services, and an honest double of the job repository.

The double speaks docs/architecture.md over real HTTP: captures, wanted, stored, trouble, owned, transitions.
"""

import asyncio
import contextlib
import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

from fastapi import FastAPI

import file_receiver.gateway.app
import file_sender.gateway.app
from labrelay.contracts.captures import InputTrouble, Receipt, WantedInput, WantedInputs, job_id_for
from labrelay.contracts.jobs import Job, OwnedJob, OwnedJobs, SealedOutput, Source
from labrelay.contracts.states import Owner, Stage
from labrelay.contracts.transitions import AcceptReturn, FailJob, ReceiveJob, StepRequest
from labrelay.edge import Edge
from labrelay.errors import Conflict, NotFound
from labrelay.http import create_app
from labrelay.settings import Settings
from tests.background import served as served


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def capture_of(path: str, data: bytes, instrument: str = "oem", folder: str = "input", generation: int = 1) -> Source:
    return Source(
        capture_id=str(uuid4()),
        instrument=instrument,
        folder=folder,
        path=path,
        generation=generation,
        size=len(data),
        sha256=sha256(data),
        host="oem",
        directory="/oem-files/input/",
    )


def job_of(source: Source, stage: Stage, *, epoch: int = 1, attempt: int = 1, **more: Any) -> Job:
    now = time.time_ns()
    fields = {"revision": 1, "task": None, "created_ns": now, "updated_ns": now} | more
    job_id = job_id_for(source.capture_id, "task")
    return Job(id=job_id, epoch=epoch, attempt=attempt, stage=stage, source=source, **fields)


def seal(outputs: Path, job: Job, files: dict[str, bytes]) -> Job:
    """Lay sealed files down as the launcher does; the job that offers them."""
    folder = outputs / job.id / f"{job.epoch}.{job.attempt}"
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    sealed = tuple(SealedOutput(name=name, size=len(data), sha256=sha256(data)) for name, data in files.items())
    return job.model_copy(update={"outputs": sealed, "stage": Stage.RETURNING})


class Repository:
    """The job repository's contract, as far as transfers need it."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.epoch = 1
        self.seq = 0
        self.sources: dict[str, Source] = {}
        self.jobs: dict[str, Job] = {}
        self.stored: list[str] = []
        self.troubles: dict[str, InputTrouble] = {}
        self.receipts: list[Receipt] = []
        self.app = self._app()

    def want(self, source: Source) -> Source:
        with self.lock:
            self.sources[source.capture_id] = source
            return self.put(job_of(source, Stage.AWAITING_INPUT)).source

    def put(self, job: Job) -> Job:
        with self.lock:
            self.seq += 1
            self.sources[job.source.capture_id] = job.source
            self.jobs[job.id] = job
        return job

    def stage(self, job_id: str) -> Stage:
        with self.lock:
            return self.jobs[job_id].stage

    def _move(self, capture_id: str, stage: Stage) -> dict[str, list[str]]:
        with self.lock:
            mine = [job for job in self.jobs.values() if job.source.capture_id == capture_id]
            for job in mine:
                if job.stage is Stage.AWAITING_INPUT:
                    self.put(job.model_copy(update={"stage": stage}))
        return {"jobs": [job.id for job in mine]}

    def _source(self, capture_id: str) -> Source:
        with self.lock:
            if capture_id not in self.sources:
                raise NotFound("There is no such capture.")
            return self.sources[capture_id]

    def _step(self, job_id: str, step: AcceptReturn | ReceiveJob | FailJob) -> Job:
        with self.lock:
            job = self.jobs[job_id]
            attempt = step.receipt.attempt if isinstance(step, ReceiveJob) else step.attempt
            if (step.epoch, attempt) != (job.epoch, job.attempt):
                raise Conflict("Another attempt holds.")
            if isinstance(step, FailJob):
                return self.put(job.model_copy(update={"stage": Stage.FAILED, "failure": step.failure}))
            if isinstance(step, AcceptReturn):
                return self._accept(job)
            return self._receive(job, step.receipt)

    def _accept(self, job: Job) -> Job:
        if job.stage is Stage.RETURNING:
            return self.put(job.model_copy(update={"stage": Stage.RECEIVING}))
        return job

    def _receive(self, job: Job, receipt: Receipt) -> Job:
        if [each.sha256 for each in receipt.outputs] != [each.sha256 for each in job.outputs]:
            raise Conflict("The receipt names other digests than the sealed ones.")
        self.receipts.append(receipt)
        return self.put(job.model_copy(update={"stage": Stage.COMPLETE}))

    def _app(self) -> FastAPI:
        app = create_app("job-repository")
        self._captures(app)
        self._jobs(app)
        return app

    def _captures(self, app: FastAPI) -> None:
        @app.get("/api/v2/captures/wanted")
        async def wanted(instrument: str, limit: int = 100, wait: float = 0) -> WantedInputs:
            await self._changed(lambda: self._awaiting(instrument), wait)
            found = self._awaiting(instrument)[:limit]
            return WantedInputs(epoch=self.epoch, wanted=tuple(found))

        @app.get("/api/v2/captures/{capture_id}")
        def capture(capture_id: str) -> dict[str, Any]:
            return self._source(capture_id).model_dump()

        @app.post("/api/v2/captures/{capture_id}/stored")
        def stored(capture_id: str, body: dict[str, Any]) -> dict[str, list[str]]:
            source = self._source(capture_id)
            if body != {"size": source.size, "sha256": source.sha256}:
                raise Conflict("Other bytes than announced.")
            self.stored.append(capture_id)
            return self._move(capture_id, Stage.READY)

        @app.post("/api/v2/captures/{capture_id}/trouble")
        def trouble(capture_id: str, body: InputTrouble) -> dict[str, list[str]]:
            self.troubles[capture_id] = body
            changed = body.code == "input_changed"
            return self._move(capture_id, Stage.SUPERSEDED if changed else Stage.FAILED)

    def _jobs(self, app: FastAPI) -> None:
        @app.get("/api/v2/owned")
        async def owned(owner: Owner, instrument: str, since: int = 0, limit: int = 100, wait: float = 0) -> OwnedJobs:
            await self._changed(lambda: self.seq > since, wait)
            with self.lock:
                mine = [j for j in self.jobs.values() if j.owner is owner and j.source.instrument == instrument]
                items = tuple(OwnedJob(job=job, age_s=0.0) for job in mine[:limit])
                return OwnedJobs(epoch=self.epoch, seq=self.seq, jobs=items)

        @app.get("/api/v2/jobs/{job_id}")
        def job(job_id: str) -> Job:
            if job_id not in self.jobs:
                raise NotFound("There is no such job.")
            return self.jobs[job_id]

        @app.post("/api/v2/jobs/{job_id}/transitions")
        def transition(job_id: str, request: StepRequest) -> Job:
            step = request.step
            if not isinstance(step, (AcceptReturn, ReceiveJob, FailJob)):
                raise Conflict("The double knows only returns.")
            return self._step(job_id, step)

    def _awaiting(self, instrument: str) -> list[WantedInput]:
        with self.lock:
            waiting = [job.source for job in self.jobs.values() if job.stage is Stage.AWAITING_INPUT]
        return [
            WantedInput(capture_id=s.capture_id, folder=s.folder, path=s.path, size=s.size, sha256=s.sha256)
            for s in waiting
            if s.instrument == instrument
        ]

    async def _changed(self, true: Callable[[], Any], wait: float) -> None:
        end = time.monotonic() + wait
        while not true() and time.monotonic() < end:
            await asyncio.sleep(0.01)


@contextlib.contextmanager
def gateway(settings: Settings) -> Iterator[Repository]:
    """The double of the repository, and both transfer services behind a real edge port."""
    repository = Repository()
    receiver = file_receiver.gateway.app.create(settings)
    sender = file_sender.gateway.app.create(settings)
    edge = Edge({"inputs": receiver, "returns": sender, "receipts": sender})
    with served(repository.app, settings.ports.job_repository), served(edge, settings.ports.edge):
        yield repository


def with_edge(settings: Settings, url: str) -> Settings:
    """The settings of an instrument that calls another address, such as a faulty relay's."""
    return settings.model_copy(update={"oem": settings.oem.model_copy(update={"edge_url": url})})
