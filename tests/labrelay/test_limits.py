"""What one request or connection may cost: size, time, shape and number."""

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient
from prometheus_client import REGISTRY

from labrelay.http import connections, create_app, limits, refusals
from labrelay.http.server import Listener, _bind, _config
from labrelay.http.threads import OwnThreads
from tests.background import running


@pytest.fixture
def app() -> FastAPI:
    app = create_app("sample")

    @app.post("/echo")
    def echo(body: dict[str, Any]) -> dict[str, int]:
        return {"members": len(body)}

    @app.put("/stream/{name}")
    async def streamed(name: str, request: Request) -> dict[str, int]:
        return {"bytes": sum([len(piece) async for piece in request.stream()])}

    @app.get("/endless")
    async def endless() -> StreamingResponse:
        return StreamingResponse(b"x" * 65_536 for _ in range(4_000))

    limits.stream(app, "PUT", "/stream/[^/]+")
    return app


@contextmanager
def serving(app: FastAPI, port: int) -> Iterator[int]:
    """As the supervisor serves it, on a real socket."""
    listener = Listener(app, "127.0.0.1", port)
    bound = _bind(listener)
    try:
        with running(uvicorn.Server(_config(listener)), sockets=[bound]):
            yield port
    finally:
        bound.close()


def counted(code: str) -> float:
    return REGISTRY.get_sample_value("labrelay_requests_refused_total", {"code": code}) or 0.0


def answer_to(port: int, sent: bytes) -> bytes:
    """All that comes back until the service closes; the test's own time-out is what fails a service that doesn't."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(sent)
        return b"".join(iter(lambda: line.recv(65_536), b""))


def test_a_body_that_is_too_large_is_refused_and_counted(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    before = counted("body_too_large")
    large = json.dumps({"a": "x" * limits.MOST_BYTES})
    refused = TestClient(app).post("/echo", content=large)
    assert (refused.status_code, refused.json()["code"]) == (413, "body_too_large")
    assert counted("body_too_large") == before + 1


def test_a_body_without_a_length_is_refused_as_soon_as_it_is_too_large(app: FastAPI, free_port: int) -> None:
    sent: list[int] = []

    def pieces() -> Iterator[bytes]:
        for _ in range(1_000):
            sent.append(1)
            yield b" " * 1_000_000

    with serving(app, free_port) as port:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        with contextlib.suppress(OSError):  # answered, and the connection closed, while it still sends
            line.request("POST", "/echo", body=pieces())
        line.close()
    assert len(sent) < 100


def test_a_stream_is_left_to_its_route(app: FastAPI) -> None:
    answer = TestClient(app).put("/stream/a", content=b"[" * (limits.MOST_BYTES + 1))
    assert answer.json() == {"bytes": limits.MOST_BYTES + 1}


@pytest.mark.parametrize(
    "wild",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b"[" + b"0," * 1_000_000 + b"0]",
        b"[" * 65 + b"]" * 65,
    ],
)
def test_json_that_costs_its_reader_much_is_refused_by_its_shape(app: FastAPI, wild: bytes) -> None:
    refused = TestClient(app).post("/echo", content=wild, headers={"Content-Type": "application/json"})
    assert (refused.status_code, refused.json()["code"]) == (400, "json_too_wild")


@pytest.mark.parametrize(
    "tame",
    [b'{"a": "' + b"[" * 1_000 + b'"}', b'{"\\"[": "\\\\"}', b'{"a":' * 63 + b"{}" + b"}" * 63],
)
def test_brackets_in_texts_are_no_depth(app: FastAPI, tame: bytes) -> None:
    assert TestClient(app).post("/echo", content=tame, headers={"Content-Type": "application/json"}).status_code == 200


def test_the_depth_of_a_text_full_of_quotes_is_told_quickly() -> None:
    limits.check_shape(b'{"a":[' + b"[]," * 60_000 + b'"' + b"\\" * 500_000)


@pytest.mark.parametrize("query", ["a" * 20_000, "&".join("a=1" for _ in range(300))])
def test_a_query_without_measure_is_refused(app: FastAPI, query: str) -> None:
    assert TestClient(app).get(f"/healthz?{query}").status_code == 414


def test_a_refusal_never_quotes_at_length(app: FastAPI) -> None:
    @app.get("/number")
    def number(value: int) -> None: ...

    assert len(TestClient(app).get("/number", params={"value": "9" * 5_000}).content) < 6_000
    assert len(TestClient(app).get("/healthz", headers={"Host": "x" * 50_000}).content) < 6_000


def test_a_body_that_trickles_is_given_up_and_holds_no_thread(
    app: FastAPI, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More slow bodies than there are threads: others are answered all the same."""
    monkeypatch.setattr(limits.Limits.__init__, "__defaults__", (limits.MOST_BYTES, 1.5))
    head = b"POST /echo HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
    with serving(app, free_port) as port:
        slow = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(60)]
        for line in slow:
            line.sendall(head)
        assert b"200 OK" in answer_to(
            port, head.replace(b" 9\r", b" 2\r").replace(b"Host", b"Connection: close\r\nHost") + b"}"
        )
        told = b"".join(iter(lambda: slow[0].recv(65_536), b""))
        for line in slow:
            line.close()
    assert b" 408 " in told
    assert b"body_too_slow" in told


def test_a_head_that_trickles_is_given_up(app: FastAPI, free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_S", 0.3)
    before = counted("head_too_slow")
    with serving(app, free_port) as port:
        for opening in (b"", b"GET /healthz HTT", b"\r\n"):
            answer_to(port, opening)
        with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
            line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert line.recv(65_536)
            line.sendall(b"\r\n")  # which ends the rest that a kept connection has between two requests
            while line.recv(65_536):
                pass
    assert counted("head_too_slow") == before + 4


@pytest.mark.parametrize(
    "headers",
    [b"".join(b"X-%d: 1\r\n" % number for number in range(200)), b"X: " + b"a" * 70_000 + b"\r\n"],
)
def test_floods_of_headers_are_refused(app: FastAPI, free_port: int, headers: bytes) -> None:
    with serving(app, free_port) as port:
        told = answer_to(port, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + headers + b"\r\n")
    assert b" 431 " in told


def test_a_header_without_an_end_is_cut_off(app: FastAPI, free_port: int) -> None:
    with serving(app, free_port) as port, socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nX: ")
        with pytest.raises(OSError, match=r"reset|pipe"):
            line.sendall(b"a" * 30_000_000)


def test_nonsense_is_answered_and_counted(app: FastAPI, free_port: int) -> None:
    before = counted("not_http")
    with serving(app, free_port) as port:
        assert b" 400 " in answer_to(port, b"\x16\x03\x01\x00\xa5 nonsense\r\n\r\n")
    assert counted("not_http") == before + 1


def test_a_client_that_does_not_read_is_cut_off(app: FastAPI, free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "SILENT_READER_S", 0.3)
    before = counted("reader_too_slow")
    with serving(app, free_port) as port, socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(b"GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while counted("reader_too_slow") == before:
            time.sleep(0.05)
        with contextlib.suppress(ConnectionResetError):
            came = sum(map(len, iter(lambda: line.recv(1 << 20), b"")))
            assert came < 4_000 * 65_536


def test_a_flood_of_idle_connections_keeps_nobody_out(
    app: FastAPI, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "doorkeeper", connections.Doorkeeper(20))
    with serving(app, free_port) as port:
        idle = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(100)]
        ask = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        assert b"200 OK" in answer_to(port, ask)
        for line in idle:
            line.close()


def test_connections_at_work_are_not_crowded_out(app: FastAPI, free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "doorkeeper", connections.Doorkeeper(2))
    go, threads = threading.Event(), OwnThreads()

    @app.get("/long")
    async def long() -> bool:
        return await threads.run(go.wait, 30)

    with serving(app, free_port) as port:
        at_work = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(2)]
        for line in at_work:
            line.sendall(b"GET /long HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        time.sleep(0.3)
        before = counted("too_many_connections")
        with contextlib.suppress(ConnectionError):  # reset or closed: which one is a race of its end with our bytes
            assert answer_to(port, b"GET /healthz HTTP/1.1\r\n\r\n") == b""
        assert counted("too_many_connections") == before + 1
        go.set()
        answers = [line.makefile("rb").read() for line in at_work]
        for line in at_work:
            line.close()
    assert all(b"200 OK" in answer for answer in answers)


def test_the_same_refusal_is_logged_once(capsys: pytest.CaptureFixture[str]) -> None:
    told = refusals.Refusals(silent_s=0.2)
    for _ in range(100):
        told.note("forbidden", "No.", "192.0.2.1", 403)
    told.note("forbidden", "No.", "192.0.2.2", 403)
    time.sleep(0.25)
    told.note("forbidden", "No.", "192.0.2.1", 403)
    told.note("conflict", "It moved on.", "192.0.2.1", 409)
    shown = capsys.readouterr()
    lines = [line for line in (shown.out + shown.err).splitlines() if "refused" in line]
    assert len(lines) == 3
    assert "99" in lines[2]
    assert "conflict" not in shown.out + shown.err


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_picture_in_a_foreign_page_calls_nothing_and_a_link_works(app: FastAPI, site: str) -> None:
    client = TestClient(app)
    picture = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    assert client.get("/healthz", headers=picture).status_code == 403
    link = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert client.get("/healthz", headers=link).status_code == 200
    assert client.post("/echo", json={}, headers=link).status_code == 403
    framed = {**link, "Sec-Fetch-Dest": "iframe"}
    assert client.get("/healthz", headers=framed).status_code == 403


def test_every_answer_tells_browsers_to_make_nothing_else_of_it(app: FastAPI) -> None:
    headers = TestClient(app).get("/healthz").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
