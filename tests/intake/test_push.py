"""Pushed images go through the real chain, and their results are read over HTTP; memory stays bounded."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from labrelay.http import Client
from labrelay.processes import alive
from tests.chain.system import Chain
from tests.data_organizer.push.gateway import digest_of, sha256
from tests.intake.push import push_url, pushed_to
from tests.polling import until

pytestmark = [pytest.mark.process, pytest.mark.timeout(120)]
MIB = 1 << 20
LARGE = 300 * MIB
GROWTH = 60 * MIB


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    with pushed_to(tmp_path_factory.mktemp("push")) as chain:
        yield chain


def push(chain: Chain, path: str, data: Any, **headers: str) -> dict[str, Any]:
    url = f"{push_url(chain)}/api/v2/captures"
    answer = requests.post(url, params={"path": path}, data=data, headers=headers, timeout=60)
    assert answer.status_code in (200, 201), answer.text
    return dict(answer.json())


def outputs(chain: Chain, pushed: dict[str, Any]) -> list[bytes]:
    """The outputs of the only job of a push, when it is final."""
    gateway, (job,) = Client(push_url(chain), retries=20), pushed["jobs"]
    final = until(lambda: gateway.get(job["url"], params={"wait": 10}), job["url"])
    assert final["stage"] == "complete", final
    return [gateway.request("GET", each["url"]).content for each in gateway.get(job["outputs"])["items"]]


def test_a_pushed_plate_comes_back_over_http(chain: Chain) -> None:
    plate = {f"plate 1/A0{number}_w1.tif": os.urandom(50_000) for number in range(6)}
    pushed = {path: push(chain, path, data, **{"Content-Digest": digest_of(data)}) for path, data in plate.items()}
    for path, data in plate.items():
        assert outputs(chain, pushed[path]) == [data]
    listed = Client(push_url(chain)).get("/api/v2/jobs", params={"path": "plate 1/", "stage": "complete"})["items"]
    assert sorted(job["source"]["path"] for job in listed) == sorted(plate)


def test_a_gateway_that_is_killed_in_mid_push_keeps_nothing_of_it_and_takes_it_again(chain: Chain) -> None:
    data, port = os.urandom(4 * MIB), chain.session.settings.ports.data_organizer_gateway
    pushes = chain.session.settings.gateway_layout.pushes
    head = f"POST /api/v2/captures?path=killed.tif HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(data)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(head.encode() + data[: 3 * MIB])
        until(lambda: any(part.stat().st_size for part in pushes.iterdir()), "a part of it is on disk")
        chain.kill("gateway")
    chain.session.await_ready()
    assert not list(pushes.iterdir())
    query = {"instrument": "push", "folder": "push", "path": "killed.tif"}
    assert Client(push_url(chain)).get("/api/v2/captures", params=query)["items"] == []
    assert outputs(chain, push(chain, "killed.tif", data)) == [data]


@contextmanager
def largest_growth(chain: Chain) -> Iterator[Callable[[], int]]:
    """The most bytes that any process of the gateway grew by since the beginning."""
    pids = [child.pid for child in chain.session.tree.children if child.pid]
    family = [each for pid in pids for each in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True))]
    before = {process: process.memory_info().rss for process in family}
    grown, stop = [0], threading.Event()

    def look() -> None:
        while not stop.wait(0.02):
            grown.extend(process.memory_info().rss - before[process] for process in family if alive(process))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield lambda: max(grown)
    finally:
        stop.set()
        thread.join()


def test_a_large_file_streams_through_without_filling_memory(chain: Chain, tmp_path: Path) -> None:
    push(chain, "before.bin", b"x")  # what every first push loads is no growth
    with (tmp_path / "sparse").open("wb+") as sparse, largest_growth(chain) as grown:
        sparse.truncate(LARGE)
        pushed = push(chain, "large.bin", iter(lambda: sparse.read(MIB), b""))
    assert pushed["size"] == LARGE
    assert 0 <= grown() < GROWTH
    blob = chain.session.settings.gateway_layout.input_blob("push", pushed["sha256"])
    assert blob.stat().st_size == LARGE
    blob.unlink()


def test_the_digest_in_the_answer_is_that_of_the_bytes(chain: Chain) -> None:
    assert push(chain, "digest.bin", b"these")["sha256"] == sha256(b"these")
