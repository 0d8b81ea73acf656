"""The repository as its callers meet it: the real app, a real Redis server, a real SQLite record."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from job_repository.app import create
from labrelay.embedded.redis import EmbeddedRedis
from labrelay.settings import Ports, Settings
from labrelay.settings.model import Redis
from tests.ports import take_port

SHA_A, SHA_B, SHA_OUT = "a" * 64, "b" * 64, "c" * 64
Api = TestClient
Announce = Callable[..., dict[str, Any]]


@pytest.fixture
def api(settings: Settings, redis_url: str) -> Iterator[TestClient]:
    with TestClient(create(settings), client=("127.0.0.1", 40000), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a gateway that the tests of a module share; its Redis runs."""
    folder = tmp_path_factory.mktemp("home")
    ports = Ports(**{name: take_port() for name in Ports.model_fields})
    settings = Settings(data=folder, ports=ports, redis=Redis(port=take_port()))
    server = EmbeddedRedis(folder / "redis", settings.redis.port)
    server.start()
    yield settings
    server.stop()


@pytest.fixture(scope="module")
def shared(home: Settings) -> Iterator[TestClient]:
    """The repository that they share."""
    with TestClient(create(home), client=("127.0.0.1", 40000), raise_server_exceptions=False) as client:
        yield client


def announcement(path: str = "plate/A1.tif", sha256: str = SHA_A, **more: Any) -> dict[str, Any]:
    base = {"instrument": "reader1", "folder": "input", "path": path, "size": 3, "sha256": sha256}
    return {**base, "directory": "/data/", "host": "reader1", **more}


def add_task(api: TestClient, selector: Any = True, **more: Any) -> dict[str, Any]:
    body = {"description": "count nuclei", "selector": selector, "pipeline": "nuclei", **more}
    answer = api.post("/api/v2/tasks", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def announce(api: TestClient, *args: Any, **more: Any) -> dict[str, Any]:
    answer = api.post("/api/v2/captures", json=announcement(*args, **more))
    assert answer.status_code in (200, 201), answer.text
    return dict(answer.json())


def job_of(api: TestClient, job_id: str) -> dict[str, Any]:
    answer = api.get(f"/api/v2/jobs/{job_id}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def take(api: TestClient, job_id: str, step: str, *, expect: int = 200, **more: Any) -> dict[str, Any]:
    job = job_of(api, job_id)
    body = {"step": {"step": step, "epoch": job["epoch"], **more}}
    answer = api.post(f"/api/v2/jobs/{job_id}/transitions", json=body)
    assert answer.status_code == expect, answer.text
    return dict(answer.json())


def stored(api: TestClient, capture: dict[str, Any], sha256: str = SHA_A) -> None:
    answer = api.post(f"/api/v2/captures/{capture['capture_id']}/stored", json={"size": 3, "sha256": sha256})
    assert answer.status_code == 200, answer.text


def report(status: str = "PipelineComplete", outputs: bool = True) -> dict[str, Any]:
    files = [{"directory": "/out", "name": "labels.tif"}] if outputs else []
    return {"status": status, "results": "CellCount, 598", "outputs": files}


def until_claimed(api: TestClient, **task: Any) -> str:
    add_task(api, **task)
    capture = announce(api)
    stored(api, capture)
    job_id: str = capture["jobs"][0]
    take(api, job_id, "launch")
    take(api, job_id, "claim", worker="w1", lease_s=15)
    return job_id


SEALED = [{"name": "labels.tif", "size": 5, "sha256": SHA_OUT}]


def until_returning(api: TestClient, status: str = "PipelineComplete") -> str:
    job_id = until_claimed(api)
    take(api, job_id, "report", attempt=1, report=report(status))
    take(api, job_id, "finish", attempt=1, status=status)
    take(api, job_id, "seal", attempt=1, outputs=SEALED)
    return job_id


def receipt(job: dict[str, Any], sha256: str = SHA_OUT) -> dict[str, Any]:
    received = [{"index": 0, "path": "plate/labels.tif", "sha256": sha256}]
    return {"job_id": job["id"], "epoch": job["epoch"], "attempt": job["attempt"], "outputs": received}


def put_blob(settings: Settings, sha256: str = SHA_A) -> Path:
    blob = settings.gateway_layout.input_blob("reader1", sha256)
    blob.parent.mkdir(parents=True)
    blob.write_bytes(b"abc")
    return blob
