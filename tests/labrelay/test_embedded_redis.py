from pathlib import Path

import psutil
import pytest
import redis

from labrelay.embedded.redis import EmbeddedRedis
from labrelay.errors import ServiceUnavailable


def test_what_was_written_survives_a_kill(tmp_path: Path, free_port: int) -> None:
    server = EmbeddedRedis(tmp_path, free_port)
    process = server.start()
    with redis.Redis.from_url(server.url) as client:
        client.set("a", "1")
    psutil.Process(process.pid).kill()
    process.wait()
    server.start()
    with redis.Redis.from_url(server.url) as client:
        assert client.get("a") == b"1"
    server.stop()


def test_a_server_left_over_from_a_killed_parent_is_replaced(tmp_path: Path, free_port: int) -> None:
    left = EmbeddedRedis(tmp_path, free_port)
    old = left.start()
    server = EmbeddedRedis(tmp_path, free_port)
    server.start()
    assert old.wait(5) is not None
    server.stop()


def test_another_servers_port_is_not_taken(tmp_path: Path, free_port: int) -> None:
    other = EmbeddedRedis(tmp_path / "other", free_port)
    other.start()
    with pytest.raises(ServiceUnavailable, match="another Redis"):
        EmbeddedRedis(tmp_path / "mine", free_port).start()
    other.stop()


def test_it_listens_on_loopback_alone(tmp_path: Path, free_port: int) -> None:
    server = EmbeddedRedis(tmp_path, free_port)
    process = server.start()
    addresses = {c.laddr.ip for c in psutil.Process(process.pid).net_connections() if c.status == "LISTEN"}
    assert addresses == {"127.0.0.1"}
    server.stop()
