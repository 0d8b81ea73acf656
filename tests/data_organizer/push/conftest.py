"""The integrator's address over the real job repository, a real Redis server and real sealed outputs."""

from collections.abc import Iterator

import pytest

from labrelay.embedded.redis import EmbeddedRedis
from tests.data_organizer.push.gateway import PushGateway, push_gateway, push_settings


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PushGateway]:
    root = tmp_path_factory.mktemp("gateway")
    settings = push_settings(root)
    server = EmbeddedRedis(root / "redis", settings.redis.port)
    server.start()
    try:
        with push_gateway(settings) as running:
            yield running
    finally:
        server.stop()
