"""A gateway with the real repository and registry, and jobs whose images and sealed outputs lie on its disk."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from fastapi.testclient import TestClient

from job_repository.app import create as create_repository
from labrelay.http.neighbours import seat
from labrelay.settings import Ports, Settings
from labrelay.settings.model import Redis
from pipelines.registry.app import create as create_registry
from tests.job_repository.conftest import add_task, announce, job_of, take
from tests.ports import take_port

HERE = ("127.0.0.1", 40000)


class Bench:
    """Jobs with these bytes, and what viewers get of them."""

    def __init__(self, repository: TestClient, registry: TestClient, settings: Settings, folder: Path) -> None:
        self.repository, self.registry, self.settings, self.folder = repository, registry, settings, folder
        self._number = 0
        self.task = add_task(repository)

    def job(self, image: bytes, outputs: Mapping[str, bytes], *, keep: bool = True) -> str:
        """A job whose outputs are sealed."""
        self._number += 1
        sha256 = hashlib.sha256(image).hexdigest()
        capture = announce(self.repository, f"plate/{self._number}.tif", sha256, size=len(image))
        layout = self.settings.gateway_layout
        if keep:
            blob = layout.input_blob("reader1", sha256)
            blob.parent.mkdir(parents=True, exist_ok=True)
            blob.write_bytes(image)
        body = {"size": len(image), "sha256": sha256}
        assert self.repository.post(f"/api/v2/captures/{capture['capture_id']}/stored", json=body).status_code == 200
        job_id = str(capture["jobs"][0])
        take(self.repository, job_id, "launch")
        take(self.repository, job_id, "claim", worker="w1", lease_s=15)
        named = [{"directory": "/out", "name": name} for name in outputs]
        report = {"status": "PipelineComplete", "measurements": {"count": 2.0}, "outputs": named}
        take(self.repository, job_id, "report", attempt=1, report=report)
        take(self.repository, job_id, "finish", attempt=1, status="PipelineComplete")
        if not outputs:
            return job_id
        folder = layout.outputs(job_id, job_of(self.repository, job_id)["epoch"], 1)
        folder.mkdir(parents=True)
        sealed = []
        for name, data in outputs.items():
            (folder / name).write_bytes(data)
            sealed.append({"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()})
        take(self.repository, job_id, "seal", attempt=1, outputs=sealed)
        return job_id

    def get(self, job_id: str, what: str, **options: Any) -> Any:
        return self.registry.get(f"/api/v2/jobs/{job_id}/{what}", **options)

    def tiff(self, pixels: np.ndarray[Any, Any], **options: Any) -> bytes:
        """The bytes of a TIFF file."""
        path = self.folder / "written.tif"
        tifffile.imwrite(path, pixels, **options)
        return path.read_bytes()


@pytest.fixture(scope="module")
def bench(redis_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("viewing")
    ports = Ports(**{name: take_port() for name in Ports.model_fields})
    settings = Settings(data=folder, ports=ports, redis=Redis(url=redis_server))
    app = create_repository(settings)
    with TestClient(app, client=HERE) as repository, TestClient(create_registry(settings), client=HERE) as registry:
        seat(settings.service_url("job_repository"), app.state.neighbour)
        yield Bench(repository, registry, settings, folder)
