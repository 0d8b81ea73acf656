"""A gateway without pipelines: the front with what stands behind it, and the steps that launcher and pipeline take."""

import asyncio
import contextlib
import hashlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import uvicorn

import data_organizer.gateway.app
import file_sender.gateway.app
import job_repository.app
from labrelay.files.names import TEMPORARY
from labrelay.front import Front
from labrelay.http import content_digest
from labrelay.settings import Settings
from labrelay.settings.model import AttributeRule, Oem, Ports, Redis, Storage
from tests.polling import until
from tests.ports import take_port


def push_settings(root: Path, **storage: Any) -> Settings:
    """Settings of a gateway whose ports are free."""
    rules = {"Stain": AttributeRule(id="Stain", type="string")}
    return Settings(
        data=root / "data",
        ports=Ports(**{name: take_port() for name in Ports.model_fields}),
        redis=Redis(port=take_port()),
        oem=Oem(attributes=rules),
        storage=Storage.model_validate({"watermark": 1.0, "keep_free_bytes": 0, **storage}),
    )


@dataclass(frozen=True)
class PushGateway:
    """The running address."""

    settings: Settings
    url: str

    def push(self, path: str, data: Any, digest: str = "", **options: Any) -> requests.Response:
        """Push a content; the digest header is only sent when it is given. Other options go into the query."""
        headers = options.pop("headers", {}) | ({"Content-Digest": digest} if digest else {})
        query = {"path": path, **options}
        return requests.post(f"{self.url}/api/v2/captures", data=data, params=query, headers=headers, timeout=20)

    def get(self, path: str, **options: Any) -> requests.Response:
        return requests.get(self.url + path, timeout=20, **options)

    def captures(self, path: str, instrument: str = "push") -> list[dict[str, Any]]:
        """The captures of a path, newest first."""
        query = {"instrument": instrument, "folder": "push", "path": path}
        return list(self.get("/api/v2/captures", params=query).json()["items"])

    def left(self) -> list[Path]:
        """Temporary files of pushes."""
        return list(self.settings.gateway_layout.root.rglob(f"*{TEMPORARY}"))

    def blob(self, data: bytes, instrument: str = "push") -> Path:
        return self.settings.gateway_layout.input_blob(instrument, sha256(data))

    def job(self, job_id: str) -> dict[str, Any]:
        return dict(self.get(f"/api/v2/jobs/{job_id}").json())

    def step(self, job_id: str, step: str, **more: Any) -> dict[str, Any]:
        """A step of the services behind the front."""
        body = {"step": {"step": step, "epoch": self.job(job_id)["epoch"], **more}}
        url = f"{self.settings.service_url('job_repository')}/api/v2/jobs/{job_id}/transitions"
        answer = requests.post(url, json=body, timeout=20)
        assert answer.ok, answer.text
        return dict(answer.json())

    def seal(self, job_id: str, files: dict[str, bytes]) -> dict[str, Any]:
        """What launcher and pipeline do with a job that is ready."""
        self.step(job_id, "launch")
        self.step(job_id, "claim", worker="w", lease_s=60)
        report = {"status": "PipelineComplete", "outputs": [{"directory": "/out", "name": name} for name in files]}
        self.step(job_id, "report", attempt=1, report=report)
        self.step(job_id, "finish", attempt=1, status="PipelineComplete")
        folder = self.settings.gateway_layout.outputs(job_id, self.job(job_id)["epoch"], 1)
        for name, data in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        sealed = [{"name": name, "size": len(data), "sha256": sha256(data)} for name, data in files.items()]
        return self.step(job_id, "seal", attempt=1, outputs=sealed)


@contextlib.contextmanager
def push_gateway(settings: Settings) -> Iterator[PushGateway]:
    """Repository, organizer and sender as they share one process, with a task that takes `.tif`."""
    apps = {
        "data-organizer-gateway": data_organizer.gateway.app.create(settings),
        "file-sender-gateway": file_sender.gateway.app.create(settings),
        "job-repository": job_repository.app.create(settings),
    }
    front, ports = Front(apps["data-organizer-gateway"], apps), settings.ports
    listening = {ports.job_repository: apps["job-repository"], ports.data_organizer_gateway: front}
    with served_together(listening):
        task = {"description": "tif", "selector": {"in": [".tif", {"var": "InputFile.Name"}]}, "pipeline": "nuclei"}
        tasks = f"{settings.service_url('job_repository')}/api/v2/tasks"
        assert requests.post(tasks, json=task, timeout=20).ok
        yield PushGateway(settings, settings.service_url("data_organizer_gateway"))


@contextlib.contextmanager
def push_app(settings: Settings) -> Iterator[PushGateway]:
    """The organizer alone, of a gateway with other settings or of the next process; the repository is elsewhere."""
    settings = settings.model_copy(
        update={"ports": settings.ports.model_copy(update={"data_organizer_gateway": take_port()})}
    )
    with served_together({settings.ports.data_organizer_gateway: data_organizer.gateway.app.create(settings)}):
        yield PushGateway(settings, settings.service_url("data_organizer_gateway"))


@contextlib.contextmanager
def served_together(apps: Mapping[int, Any]) -> Iterator[None]:
    """Apps on their ports in one event loop, as the supervisor's processes serve them."""
    servers = [
        uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, timeout_graceful_shutdown=1))
        for port, app in apps.items()
    ]

    async def serve() -> None:
        await asyncio.gather(*(server.serve() for server in servers))

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    until(lambda: all(server.started for server in servers))
    try:
        yield
    finally:
        for server in servers:
            server.should_exit = True
        thread.join(15)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def digest_of(data: bytes) -> str:
    return content_digest(sha256(data))
