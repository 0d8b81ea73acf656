"""Outputs beside the images: the receiver is asked over HTTP, and silence means waiting."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from labrelay.settings import Settings
from tests.file_watcher.conftest import Bench


class Receiver(ThreadingHTTPServer):
    """Answers `GET /api/v2/receipts/named` for paths that end with `_labels.tif`."""

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), Answer)
        self.asked: list[str] = []


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        assert parts.path == "/api/v2/receipts/named"
        path = parse_qs(parts.query)["path"][0]
        assert isinstance(self.server, Receiver)
        self.server.asked.append(path)
        body = b'{"named": true}' if path.endswith("_labels.tif") else b'{"named": false}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def beside(settings: Settings) -> Iterator[Bench]:
    oem = settings.oem.model_copy(update={"output_folder": settings.folders[0].path})
    bench = Bench(settings.model_copy(update={"oem": oem}))
    yield bench
    bench.database.close()


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    server = Receiver(settings.ports.file_receiver_oem)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def test_an_output_that_a_receipt_names_is_never_captured(beside: Bench, receiver: Receiver) -> None:
    beside.write("A01.tif", b"image")
    beside.write("A01_labels.tif", b"labels")
    beside.rest()
    assert [path for path, _, _ in beside.contents()] == ["A01.tif"]
    receiver.asked.clear()
    beside.rest()
    assert receiver.asked == []


def test_while_the_receiver_is_silent_files_wait(beside: Bench) -> None:
    beside.write("A01.tif", b"image")
    beside.rest()
    assert beside.contents() == []
    assert beside.reconciler.waiting == 1
    assert "answer" in beside.reconciler.troubles[0]


def test_files_outside_the_output_folder_ask_nobody(bench: Bench) -> None:
    bench.write("A01.tif", b"image")
    bench.rest()
    assert len(bench.contents()) == 1
