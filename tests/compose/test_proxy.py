"""The proxy's own configuration in a real nginx: TLS by file, certified machines only, the edge and nothing else."""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi import Request

from labrelay.edge import Edge
from labrelay.errors import LabrelayError, NotFound, ServiceUnavailable
from labrelay.http import Client, create_app
from labrelay.settings.model import Tls
from tests.background import served
from tests.compose.stack import COMPOSE
from tests.ports import take_port

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
pytestmark = pytest.mark.skipif(not (NGINX and shutil.which("openssl")), reason="no nginx or no openssl is installed")
README = (COMPOSE / "README.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Front:
    url: str
    certs: Path

    def client(self, ca: str = "clients-ca.pem", name: str = "reader-1") -> Client:
        own = {"certificate": self.certs / f"{name}.pem", "key": self.certs / f"{name}.key"} if name else {}
        return Client(self.url, retries=0, tls=Tls(ca=self.certs / ca if ca else None, **own))


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("proxy")
    certs = made_certificates(folder)
    with edge() as behind, nginx(folder, certs, behind) as port:
        yield Front(f"https://localhost:{port}", certs)


def made_certificates(folder: Path) -> Path:
    """The README's own commands, for `localhost`, and a stranger's certificate besides."""
    (script,) = re.findall(r"```sh\n(mkdir -p compose/certs.*?)```", README, re.DOTALL)
    script = script.replace("gateway.lab", "localhost")
    stranger = "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=stranger -keyout stranger.key -out stranger.pem\n"
    subprocess.run(
        ["sh", "-ec", script.replace("rsa:3072", "rsa:2048") + stranger], cwd=folder, check=True, capture_output=True
    )
    return folder / "compose" / "certs"


@contextmanager
def edge() -> Iterator[int]:
    app = create_app("sample")

    @app.put("/edge/v2/inputs/{name}")
    async def put(name: str, request: Request) -> dict[str, object]:
        size = sum([len(chunk) async for chunk in request.stream()])
        return {"size": size, "host": request.headers["host"], "chunked": request.headers.get("transfer-encoding")}

    port = take_port()
    with served(Edge({"inputs": app}), port):
        yield port


@contextmanager
def nginx(folder: Path, certs: Path, behind: int) -> Iterator[int]:
    port = take_port()
    text = (COMPOSE / "proxy" / "nginx.conf").read_text(encoding="utf-8")
    for old, new in {
        "/tmp/": f"{folder}/",
        "gateway:59700": f"127.0.0.1:{behind}",
        "listen 8443": f"listen 127.0.0.1:{port}",
        "/certs/": f"{certs}/",
        "worker_processes auto;": "worker_processes 1; daemon off;",
    }.items():
        assert old in text
        text = text.replace(old, new)
    (folder / "nginx.conf").write_text(text, encoding="utf-8")
    command = [str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
    log = folder / "nginx.log"
    with log.open("wb") as errors, subprocess.Popen(command, stderr=errors) as process:
        try:
            yield answered(port, process, log)
        finally:
            process.terminate()


def answered(port: int, process: "subprocess.Popen[bytes]", log: Path) -> int:
    while process.poll() is None:
        try:
            Client(f"http://127.0.0.1:{port}", retries=0).get("/")
        except ServiceUnavailable:
            time.sleep(0.02)
        except LabrelayError:
            return port
    raise AssertionError(f"nginx refused its configuration: {log.read_text()}")


def test_a_certified_instrument_reaches_the_edge(front: Front) -> None:
    answer = front.client().request("PUT", "/edge/v2/inputs/a", data=b"x" * 3_000_000).json()
    assert answer["size"] == 3_000_000
    assert answer["host"].startswith("127.0.0.1:")  # the gateway's own name, not the caller's


def test_a_body_of_unknown_length_streams_through(front: Front) -> None:
    chunks = (b"y" * 100_000 for _ in range(30))
    answer = front.client().request("PUT", "/edge/v2/inputs/a", data=chunks).json()
    assert (answer["size"], answer["chunked"]) == (3_000_000, "chunked")


@pytest.mark.parametrize("name", ["", "stranger"])
def test_a_machine_without_the_labs_certificate_is_refused(front: Front, name: str) -> None:
    with pytest.raises(LabrelayError) as refused:
        front.client(name=name).request("PUT", "/edge/v2/inputs/a", data=b"x")
    assert refused.value.status in (400, 503)


@pytest.mark.parametrize("ca", ["", "stranger.pem"])
def test_a_gateway_that_nobody_vouches_for_gets_nothing(front: Front, ca: str) -> None:
    with pytest.raises(ServiceUnavailable, match="SSLError"):
        front.client(ca=ca).get("/edge/v2/inputs/a")


@pytest.mark.parametrize(
    "path", ["/", "/healthz", "/metrics", "/api/v2/jobs", "/edge/v2/../../api/v2/jobs", "/edge/v2/jobs"]
)
def test_nothing_else_is_shown(front: Front, path: str) -> None:
    with pytest.raises(NotFound):
        front.client().get(path)
