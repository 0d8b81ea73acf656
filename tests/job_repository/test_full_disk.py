"""A gateway's disk that is full says so, whatever store met it first, and all goes on when there is room again."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from job_repository.app import create
from labrelay.embedded.redis import EmbeddedRedis
from labrelay.settings import Settings
from labrelay.settings.model import Record
from labrelay.settings.storage import Storage
from tests.job_repository.conftest import announcement
from tests.small_disk import full, mounted

TO_THE_BRIM = {"storage": Storage(watermark=1.0, keep_free_bytes=0)}
"""Without the room that is kept for these stores."""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "small disk", 48) as place:
        yield place


@contextmanager
def gateway(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create(settings), client=("127.0.0.1", 40000), raise_server_exceptions=False) as client:
        assert client.post("/api/v2/captures", json=announcement("before.tif")).status_code == 201
        yield client


def refused(api: TestClient) -> str:
    """What is said when a capture can't be taken, once the first of some writes meets the end of the room."""
    for number in range(200):
        answer = api.post("/api/v2/captures", json=announcement(f"{number}.tif"))
        if answer.status_code != 201:
            assert (answer.status_code, answer.json()["code"]) == (507, "storage_full"), answer.text
            return str(answer.json()["cause"])
    raise AssertionError("the disk never was full")


def test_a_record_that_cant_be_written_says_that_the_disk_is_full(
    settings: Settings, redis_url: str, disk: Path
) -> None:
    with gateway(settings.model_copy(update={"data": disk, **TO_THE_BRIM})) as api:
        with full(disk):
            assert "gateway's disk is full" in refused(api)
        assert api.post("/api/v2/captures", json=announcement("after.tif")).status_code == 201


def test_a_live_store_that_a_full_disk_ended_says_so(settings: Settings, disk: Path) -> None:
    settings = settings.model_copy(
        update={"data": disk, "record": Record(url=f"sqlite:///{disk.parent}/r.db"), **TO_THE_BRIM}
    )
    server = EmbeddedRedis(settings.gateway_layout.redis, settings.redis.port)
    server.start()
    with gateway(settings) as api:
        with full(disk):
            assert "gateway's disk is full" in refused(api)
            assert "disk is full" in api.get("/readyz").json()["reason"]
        server.stop()
        server.start()
        assert api.post("/api/v2/captures", json=announcement("after.tif")).status_code == 201
    server.stop()
