"""What tests of pipelines share: one Redis server emptied before each test, a gateway to talk to, an image."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from labrelay.embedded.redis import EmbeddedRedis
from labrelay.settings import Settings
from labrelay.settings.model import Redis
from tests.pipelines.gateway_double import GatewayDouble, served
from tests.ports import take_port


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = EmbeddedRedis(tmp_path_factory.mktemp("redis"), take_port())
    server.start()
    with redis.Redis.from_url(server.url) as client:
        client.config_set("appendfsync", "no")  # nothing here outlives the server
    yield server.url
    server.stop()


@pytest.fixture
def redis_url(redis_server: str) -> str:
    with redis.Redis.from_url(redis_server) as client:
        client.flushall()
    return redis_server


@pytest.fixture
def settings(settings: Settings, redis_url: str) -> Settings:
    return settings.model_copy(update={"redis": Redis(url=redis_url)})


@pytest.fixture
def gateway(redis_url: str, tmp_path: Path, free_port: int) -> Iterator[GatewayDouble]:
    double = GatewayDouble(redis_url, tmp_path / "gateway", free_port)
    with served(double.app, free_port):
        yield double
    double.redis.close()


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "A1-field.tiff"
    path.write_bytes(b"not really an image, which no test pipeline minds")
    return path
