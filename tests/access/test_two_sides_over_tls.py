"""Two sides with tokens and TLS: a file goes over, a revoked token is told of kindly, a new one lets work go on."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from typer.testing import CliRunner

from labrelay.access.tokens import parse_token
from labrelay.cli import app
from labrelay.http.client import Client
from labrelay.supervisor import GATEWAY, OEM
from tests.access.authority import certificates
from tests.chain.commands import Side, settings_file, start
from tests.chain.jobs import Jobs
from tests.chain.system import Instrument, judge_copies
from tests.polling import until
from tests.ports import take_ports

pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]


def command(*words: str, config: Path) -> str:
    told = CliRunner().invoke(app, [*words, "--config", str(config)])
    assert told.exit_code == 0, told.output
    return told.stdout


@dataclass
class Lab:
    """A gateway that any machine may call by TLS with a token, and one instrument."""

    gateway: Side
    oem: Side
    instrument: Instrument
    token: Path

    def labrelay(self, *words: str) -> str:
        """What a command of the gateway says."""
        return command(*words, config=self.gateway.config)

    def asked(self, token: str = "") -> int:
        """How the job repository answers a call over TLS."""
        url = f"https://127.0.0.1:{self.gateway.settings.ports.job_repository}/api/v2/jobs"
        shown = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.get(url, headers=shown, verify=str(self.oem.settings.oem.tls.ca), timeout=10).status_code

    def oem_status(self, port: str) -> str:
        """What a service of the instrument's side says of itself."""
        return json.dumps(Client.of(self.oem.settings, port).get("/api/v2/status"))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    root = tmp_path_factory.mktemp("lab")
    authority, certificate, key = certificates(root)
    config = gateway_file(root / "gateway", certificate, key)
    told = command("enroll", "reader-1", config=config)  # before the first start
    token = root / "token.txt"
    token.write_text(told.splitlines()[-1] + "\n")
    gateway = start("gateway", config)
    try:
        Client.of(gateway.settings, "task_launcher", retries=20).post(
            "/api/v2/tasks", {"description": "every file", "selector": True, "pipeline": "only-file"}
        )
        oem = start("oem", oem_file(root / "oem", gateway.settings.ports.edge, authority, token))
        try:
            yield Lab(gateway, oem, Instrument(oem.settings.folders[0].path), token)
        finally:
            oem.stop()
    finally:
        gateway.stop()


def gateway_file(root: Path, certificate: Path, key: Path) -> Path:
    names = [*(port for _, port in GATEWAY.values()), "edge"]
    *numbers, redis_port = take_ports(len(names) + 1)
    lines = f"""bind = "0.0.0.0"
[access]
certificate = "{certificate.as_posix()}"
key = "{key.as_posix()}"
[redis]
port = {redis_port}
[pipelines]
run = ["simulator"]"""
    return settings_file(root / "gateway.toml", root / "data", dict(zip(names, numbers, strict=True)), lines)


def oem_file(root: Path, edge: int, authority: Path, token: Path) -> Path:
    names = [port for _, port in OEM.values()]
    (root / "images").mkdir(parents=True)
    lines = f"""[oem]
instrument = "reader-1"
edge_url = "https://127.0.0.1:{edge}"
token_file = "{token.as_posix()}"
output_folder = "{(root / "results").as_posix()}"
rescan_s = 2.0
[oem.tls]
ca = "{authority.as_posix()}"
[[oem.folders]]
path = "{(root / "images").as_posix()}"
stable_s = 0.3"""
    numbers = dict(zip(names, take_ports(len(names)), strict=True))
    return settings_file(root / "oem.toml", root / "data", numbers, lines)


def settled(lab: Lab, wells: int) -> None:
    jobs = Jobs(Client.of(lab.gateway.settings, "job_repository", retries=20))
    until(lambda: jobs.complete(list(lab.instrument.written)), "all complete", 120, pause_s=0.3)
    assert len(lab.instrument.written) == wells
    assert judge_copies(lab.instrument.written, lab.oem.settings.oem.output_folder).well


def test_a_file_goes_over_and_nothing_lost_when_the_token_is_replaced(lab: Lab) -> None:
    lab.instrument.write_plate(3, pause_s=0.02)
    settled(lab, 3)
    (first,) = json.loads(lab.labrelay("token", "list", "--json"))
    lab.labrelay("token", "revoke", first["id"])
    until(lambda: lab.asked(lab.token.read_text().strip()) == 401, "the gateway refuses it", 30)
    lab.instrument.write_plate(2, pause_s=0.02, plate="plate2")
    until(lambda: "doesn't hold" in lab.oem_status("data_organizer"), "the refusal is told", 30)
    assert first["id"] in lab.oem_status("data_organizer")
    fresh = lab.labrelay("enroll", "reader-1").splitlines()[-1]
    lab.token.write_text(fresh + "\n")
    settled(lab, 5)
    token = parse_token(fresh)
    assert token is not None
    secrets = [token.secret.encode(), fresh.encode()]
    for side in (lab.gateway, lab.oem):
        logs = b"".join(each.read_bytes() for each in (side.settings.data / "run").glob("*.log"))
        assert not any(secret in logs for secret in secrets)


def test_other_machines_need_tls_and_a_token(lab: Lab) -> None:
    port = lab.gateway.settings.ports.job_repository
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{port}/api/v2/summary", timeout=10)
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"https://127.0.0.1:{port}/api/v2/summary", timeout=10)
    assert lab.asked() == 401


def test_the_gateways_own_calls_trust_its_one_certificate_alone(lab: Lab, tmp_path: Path) -> None:
    settings = lab.gateway.settings
    assert Client.of(settings, "job_repository").get("/api/v2/summary")["stages"]
    _, other, key = certificates(tmp_path)
    access = settings.access.model_copy(update={"certificate": other, "key": key})
    stranger = Client.of(settings.model_copy(update={"access": access}), "job_repository", retries=0)
    with pytest.raises(Exception, match="SSLError"):
        stranger.get("/api/v2/summary")
