"""Lines for the shell do what they say: a real curl runs them."""

import http.server
import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from dashboard.shell import curl

BODY = {"reason": 'it\'s "new" $HOME `date`', "名": 1}


@contextmanager
def listening() -> Iterator[tuple[str, list[tuple[str, str, Any]]]]:
    heard: list[tuple[str, str, Any]] = []

    class Ear(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            size = int(self.headers.get("content-length") or 0)
            heard.append(
                (self.command, self.headers.get("authorization") or "", json.loads(self.rfile.read(size) or "0"))
            )
            self.send_response(204)
            self.end_headers()

        do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Ear)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/x?where=a b'c", heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("method", "body"), [("GET", None), ("POST", BODY), ("POST", None), ("PUT", BODY), ("DELETE", None)]
)
def test_a_line_calls_with_its_method_body_and_token(method: str, body: dict[str, Any] | None) -> None:
    with listening() as (url, heard):
        line = curl(url.replace(" ", "%20"), method, body, token=True)
        environment = {"PATH": "/usr/bin:/bin", "LABRELAY_TOKEN": "t0"}
        subprocess.run(["/bin/sh", "-c", line], check=True, env=environment, timeout=30)
    assert heard == [(method, "Bearer t0", body or 0)]
