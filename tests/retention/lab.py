"""A gateway and one instrument with retention rules: real repository, Redis, record, edge and files."""

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests
from fastapi import FastAPI
from sqlalchemy import select

import file_receiver.gateway.app
import job_repository.app
from file_receiver.gateway.captures import Captures
from file_receiver.gateway.retention import input_retention
from file_sender.gateway.archive import output_retention
from file_sender.oem.deletions import Deletions
from file_sender.oem.originals import Originals
from file_sender.oem.source import Folders
from file_sender.oem.vouching import ROUTES, Vouching
from job_repository.record.models import AuditRow
from job_repository.repository import Person, Repository
from labrelay.contracts.captures import Announcement, InputTrouble, Receipt, ReceivedOutput
from labrelay.contracts.jobs import Job, PipelineReport, ReportedOutput, SealedOutput
from labrelay.contracts.retention import RetentionReport, Why
from labrelay.contracts.states import PipelineStatus, Stage
from labrelay.contracts.tasks import TaskDraft
from labrelay.contracts.transitions import (
    AcceptReturn,
    ClaimJob,
    FinishJob,
    LaunchJob,
    ReceiveJob,
    ReportJob,
    SealJob,
)
from labrelay.edge import Edge
from labrelay.http import Client, content_digest
from labrelay.pace import Pace
from labrelay.retention import Clearing, Decisions, Retention
from labrelay.settings import Settings
from labrelay.settings.retention import JobRule
from labrelay.settings.retention import Retention as Rules
from tests.file_receiver.doubles import served, sha256

LABELS = b"labels"
ME = Person("test")


@dataclass
class Journal:
    """What the watcher's journal answers; newest first."""

    entries: list[dict[str, Any]] = field(default_factory=list)

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/api/v2/journal")
        def journal(folder: str, limit: int = 1000, before: int = 1 << 60) -> dict[str, Any]:
            found = [each for each in reversed(self.entries) if each["id"] < before]
            return {"items": found[:limit]}

        return app


class Lab:
    """Both sides; nothing happens by itself."""

    def __init__(self, settings: Settings, repo: Repository, journal: Journal) -> None:
        self.settings = settings
        self.instrument = ""
        self.repo = repo
        self.journal = journal
        self.folder = settings.folders[0].path
        self.layout = settings.gateway_layout
        self.edge = Client(settings.edge_url)
        self.repository = Client(settings.service_url("job_repository"))
        self.folders = Folders(settings.folders)
        self.pace = Pace.of(settings)
        self.deletions = self._own_deletions()

    def begin(self, originals: JobRule | None, rules: dict[str, Any]) -> None:
        """Another instrument, empty stores, other rules."""
        self.instrument = f"reader-{uuid4().hex[:8]}"
        self.journal.entries.clear()
        self.deletions.close()
        self.deletions = self._own_deletions()
        for store in (self.folder, self.layout.root / "inputs", self.layout.root / "outputs"):
            shutil.rmtree(store, ignore_errors=True)
        self.folder.mkdir()
        (folder,) = self.settings.folders
        watched = folder.model_copy(update={"retention": originals or JobRule()})
        oem = self.settings.oem.model_copy(update={"folders": (watched,)})
        retention = Rules.model_validate(rules)
        self.settings = self.settings.model_copy(update={"oem": oem, "retention": retention})
        self.repo.retention.rules = retention

    def _own_deletions(self) -> Deletions:
        """A store of this instrument alone: none has to end what another one began."""
        deletions = Deletions(self.settings.oem_layout.deletions.with_suffix(f".{self.instrument}.db"))
        deletions.open()
        return deletions

    @property
    def inputs(self) -> Retention:
        """The input store's rules, as after a start of the receiver."""
        return input_retention(self.settings, self.repository, Captures(self.repository))[0]

    @property
    def outputs(self) -> Retention:
        return output_retention(self.settings, self.repository)

    @property
    def originals(self) -> Retention:
        """The watched folder's rule, as after a start of the sender."""
        decisions = Decisions(self.edge, ROUTES, {"X-Instrument": self.instrument})
        watcher = Client(self.settings.service_url("file_watcher"))
        part = Originals(self.settings.folders[0], watcher, decisions, self.deletions, self.pace)

        def settle() -> None:
            for deletion in self.deletions.under_way():
                part.settle(deletion)

        return Retention("oem", [Clearing(part)], 3600, settle)

    def vouch(self) -> None:
        """The instrument answers what the gateway asks."""
        Vouching(self.edge, self.instrument, self.folders, self.pace).turn()

    def write(self, path: str, data: bytes) -> str:
        """The instrument writes a file, and it is announced; the capture's id."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        last = self.repo.captures.store.newest(self.instrument, "input", path)
        seen = file.stat()
        told = Announcement(
            instrument=self.instrument,
            folder="input",
            path=path,
            size=len(data),
            sha256=sha256(data),
            predecessor=last.id if last else None,
            modified_ns=seen.st_mtime_ns,
        )
        capture_id = self.repo.captures.announce(told).capture_id
        entry = {"id": len(self.journal.entries) + 1, "path": path, "size": len(data), "sha256": sha256(data)}
        times = {"modified_ns": seen.st_mtime_ns, "found_ns": seen.st_mtime_ns}
        self.journal.entries.append({**entry, **times, "capture_id": capture_id})
        return capture_id

    def push(self, path: str, data: bytes) -> str:
        """What the front does with a pushed file."""
        self.lay_down(data)
        last = self.repo.captures.store.newest(self.instrument, "pushed", path)
        told = Announcement(
            instrument=self.instrument,
            folder="pushed",
            path=path,
            size=len(data),
            sha256=sha256(data),
            predecessor=last.id if last else None,
            returns="none",
        )
        return self.repo.captures.announce(told).capture_id

    def lay_down(self, data: bytes) -> Path:
        blob = self.blob(data)
        if not blob.exists():
            blob.parent.mkdir(parents=True, exist_ok=True)
            blob.write_bytes(data)
        return blob

    def send_wanted(self) -> None:
        """What the sender does."""
        for wanted in self.edge.get("/edge/v2/inputs", params={"instrument": self.instrument})["wanted"]:
            file = self.folder / wanted["path"]
            data = file.read_bytes() if file.exists() else b""
            url = f"{self.settings.edge_url}/edge/v2/inputs/{wanted['capture_id']}"
            if file.exists() and sha256(data) == wanted["sha256"]:
                headers = {"Content-Digest": content_digest(sha256(data)), "X-Instrument": self.instrument}
                assert requests.put(url, data=data, headers=headers, timeout=10).ok
            else:
                trouble = InputTrouble(code="input_missing", cause="It is gone.")
                self.edge.post(f"/edge/v2/inputs/{wanted['capture_id']}/trouble", trouble.model_dump())

    def jobs(self) -> list[Job]:
        return self.repo.queries.every_job()

    def job(self, capture_id: str) -> Job:
        (plan,) = self.repo.captures.store.get(capture_id).jobs
        return self.repo.jobs.get(plan.id)

    def complete(self, job: Job) -> Job:
        """Pipeline, launcher and instrument do their work."""
        report = PipelineReport(status=PipelineStatus.COMPLETE, outputs=(ReportedOutput(directory="o", name="o"),))
        sealed = SealedOutput(name="o", size=len(LABELS), sha256=sha256(LABELS))
        steps = self.repo.jobs
        steps.step(job.id, LaunchJob(epoch=job.epoch))
        attempt = steps.step(job.id, ClaimJob(epoch=job.epoch, worker="w", lease_s=60)).attempt
        steps.step(job.id, ReportJob(epoch=job.epoch, attempt=attempt, report=report))
        steps.step(job.id, FinishJob(epoch=job.epoch, attempt=attempt, status=PipelineStatus.COMPLETE))
        folder = self.layout.outputs(job.id, job.epoch, attempt)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "o").write_bytes(LABELS)
        after = steps.step(job.id, SealJob(epoch=job.epoch, attempt=attempt, outputs=(sealed,)))
        return self.deliver(after)

    def deliver(self, job: Job) -> Job:
        if job.stage is not Stage.RETURNING:
            return job
        self.repo.jobs.step(job.id, AcceptReturn(epoch=job.epoch, attempt=job.attempt))
        outputs = (ReceivedOutput(index=0, path="o", sha256=sha256(LABELS)),)
        receipt = Receipt(job_id=job.id, epoch=job.epoch, attempt=job.attempt, outputs=outputs)
        return self.repo.jobs.step(job.id, ReceiveJob(epoch=job.epoch, receipt=receipt))

    def completed(self, path: str, data: bytes) -> str:
        """A file all the way to its end; its capture."""
        capture_id = self.write(path, data)
        self.send_wanted()
        assert self.complete(self.job(capture_id)).stage is Stage.COMPLETE
        return capture_id

    def blob(self, data: bytes) -> Path:
        return self.layout.input_blob(self.instrument, sha256(data))

    def copies(self) -> set[str]:
        """Digests of all contents that stand anywhere, also while they are set aside."""
        files = [path for root in (self.folder, self.layout.root / "inputs") for path in root.rglob("*")]
        return {sha256(path.read_bytes()) for path in files if path.is_file()}

    def audited(self) -> list[str]:
        """The kinds of all acts in the audit, oldest first."""
        with self.repo.record.read() as connection:
            return list(connection.scalars(select(AuditRow.kind).order_by(AuditRow.number)))

    def close(self) -> None:
        self.deletions.close()


@contextlib.contextmanager
def lab_of(settings: Settings) -> Iterator[Lab]:
    """Everything on real ports; Redis must run already."""
    journal = Journal()
    app = job_repository.app.create(settings)
    rules = Rules.model_validate({"inputs": {"days": 0}})  # the repository decides
    receiver = file_receiver.gateway.app.create(settings.model_copy(update={"retention": rules}))
    with (
        served(app, settings.ports.job_repository),
        served(Edge({"inputs": receiver}), settings.ports.edge),
        served(journal.app(), settings.ports.file_watcher),
    ):
        repo: Repository = app.state.repository
        repo.tasks.create(TaskDraft(description="all", selector=True, pipeline="nuclei"), "test")
        lab = Lab(settings, repo, journal)
        yield lab
        lab.close()


def only(reports: Any, part: str) -> RetentionReport:
    (found,) = [each for each in reports.items if each.part.startswith(part)]
    assert found.trouble == "", found.trouble
    assert isinstance(found, RetentionReport)
    return found


def stays(report: RetentionReport) -> dict[Why, int]:
    return {why: pile.count for why, pile in report.stays.items()}
