"""Both directions against the real job repository, so that the double of the other tests stays honest."""

import os
from typing import Any

import requests

import file_receiver.gateway.app
import file_receiver.oem.app
import file_sender.gateway.app
import file_sender.oem.app
import job_repository.app
from labrelay.edge import Edge
from labrelay.settings import Settings
from tests.file_receiver.doubles import served, sha256
from tests.polling import until

IMAGE = os.urandom(400_000)
LABELS = os.urandom(200_000)


class Api:
    """Calls to the repository."""

    def __init__(self, settings: Settings) -> None:
        self.url = settings.service_url("job_repository")

    def post(self, path: str, body: Any) -> dict[str, Any]:
        answer = requests.post(f"{self.url}{path}", json=body, timeout=10)
        assert answer.ok, answer.text
        return dict(answer.json())

    def job(self, job_id: str) -> dict[str, Any]:
        return dict(requests.get(f"{self.url}/api/v2/jobs/{job_id}", timeout=10).json())

    def step(self, job_id: str, step: str, **more: Any) -> None:
        body = {"step": {"step": step, "epoch": self.job(job_id)["epoch"], **more}}
        self.post(f"/api/v2/jobs/{job_id}/transitions", body)

    def announce(self, path: str, data: bytes) -> dict[str, Any]:
        task = {"description": "count", "selector": True, "pipeline": "nuclei"}
        self.post("/api/v2/tasks", task)
        body = {"instrument": "oem", "folder": "input", "path": path, "size": len(data), "sha256": sha256(data)}
        return self.post("/api/v2/captures", body)

    def seal(self, settings: Settings, job_id: str, name: str, data: bytes) -> None:
        """What launcher and pipeline do."""
        self.step(job_id, "launch")
        self.step(job_id, "claim", worker="w", lease_s=15)
        report = {"status": "PipelineComplete", "outputs": [{"directory": "/out", "name": name}]}
        self.step(job_id, "report", attempt=1, report=report)
        self.step(job_id, "finish", attempt=1, status="PipelineComplete")
        folder = settings.gateway_layout.outputs(job_id, self.job(job_id)["epoch"], 1)
        folder.mkdir(parents=True)
        (folder / name).write_bytes(data)
        sealed = {"name": name, "size": len(data), "sha256": sha256(data)}
        self.step(job_id, "seal", attempt=1, outputs=[sealed])


def test_a_capture_goes_to_the_gateway_and_its_outputs_come_home(settings: Settings, redis_url: str) -> None:
    (settings.folders[0].path / "b.tif").write_bytes(IMAGE)
    sender = file_sender.gateway.app.create(settings)
    edge = Edge({"inputs": file_receiver.gateway.app.create(settings), "returns": sender, "receipts": sender})
    api = Api(settings)
    with (
        served(job_repository.app.create(settings), settings.ports.job_repository),
        served(edge, settings.ports.edge),
        served(file_sender.oem.app.create(settings), settings.ports.file_sender_oem),
        served(file_receiver.oem.app.create(settings), settings.ports.file_receiver_oem),
    ):
        (job_id,) = api.announce("b.tif", IMAGE)["jobs"]
        until(lambda: api.job(job_id)["stage"] == "ready")
        assert settings.gateway_layout.input_blob("oem", sha256(IMAGE)).read_bytes() == IMAGE
        api.seal(settings, job_id, "b_labels.tif", LABELS)
        until(lambda: api.job(job_id)["stage"] == "complete")
    assert (settings.oem.output_folder / "b_labels.tif").read_bytes() == LABELS


def test_a_changed_input_is_superseded_in_the_record(settings: Settings, redis_url: str) -> None:
    (settings.folders[0].path / "b.tif").write_bytes(b"other bytes")
    edge = Edge({"inputs": file_receiver.gateway.app.create(settings)})
    api = Api(settings)
    with (
        served(job_repository.app.create(settings), settings.ports.job_repository),
        served(edge, settings.ports.edge),
        served(file_sender.oem.app.create(settings), settings.ports.file_sender_oem),
    ):
        (job_id,) = api.announce("b.tif", IMAGE)["jobs"]
        until(lambda: api.job(job_id)["stage"] == "superseded")
