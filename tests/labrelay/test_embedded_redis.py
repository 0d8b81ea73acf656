import socket
import time
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


@pytest.mark.parametrize("offset", [9, 4_000], ids=["in its binary part", "in a command"])
def test_a_file_broken_before_its_end_is_set_aside_and_kept(tmp_path: Path, free_port: int, offset: int) -> None:
    file = filled(tmp_path, free_port)
    broken = bytearray(file.read_bytes())
    broken[offset : offset + 400] = b"\xff" * 400
    file.write_bytes(broken)
    server = EmbeddedRedis(tmp_path, free_port)
    server.start()
    with redis.Redis.from_url(server.url) as client:
        assert client.dbsize() == 0
        client.set("a", "1")
    server.stop()
    (kept,) = tmp_path.glob("appendonly.aof.unreadable-*")
    assert kept.read_bytes() == broken


def test_a_file_cut_at_its_end_keeps_what_comes_before(tmp_path: Path, free_port: int) -> None:
    file = filled(tmp_path, free_port)
    file.write_bytes(file.read_bytes()[:-10])
    server = EmbeddedRedis(tmp_path, free_port)
    server.start()
    with redis.Redis.from_url(server.url) as client:
        assert client.dbsize() == 199
    server.stop()
    assert not list(tmp_path.glob("*unreadable*"))


def test_a_good_file_stays_when_the_server_ends_for_another_reason(tmp_path: Path, free_port: int) -> None:
    file = filled(tmp_path, free_port)
    before = file.read_bytes()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port))  # not listening, so that nobody waits for its answers
        with pytest.raises(ServiceUnavailable):
            EmbeddedRedis(tmp_path, free_port).start()
    assert file.read_bytes() == before


def filled(folder: Path, port: int) -> Path:
    """The file of a server that has written a hundred keys, its binary part, and a hundred more."""
    server = EmbeddedRedis(folder, port)
    server.start()
    with redis.Redis.from_url(server.url) as client:
        client.mset({f"before {number}": "x" * 10 for number in range(100)})
        client.bgrewriteaof()
        while client.info("persistence")["aof_rewrite_in_progress"]:
            time.sleep(0.01)
        for number in range(100):
            client.set(f"after {number}", "x" * 40)
    server.stop()
    return folder / "appendonly.aof"
