"""What keeps strangers out: no open bind by accident, no foreign page, no unknown name, no unknown certificate."""

import subprocess
import sys
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from labrelay.errors import SettingsInvalid
from labrelay.http import Client, create_app
from labrelay.http.guard import HostGuard
from labrelay.settings import Settings, load_settings
from labrelay.settings.model import Tls
from labrelay.supervisor import listener, listeners

HERE = "http://127.0.0.1:59784"


def write(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "labrelay.toml"
    file.write_text(text)
    return file


@pytest.mark.parametrize("bind", ["0.0.0.0", "::", "192.0.2.7", "gateway.example", ""])  # noqa: S104
def test_an_open_bind_is_refused_with_a_way_out(tmp_path: Path, bind: str) -> None:
    with pytest.raises(SettingsInvalid, match=r"labrelay.toml: `bind` = .*\[access\].*`insecure = true`") as caught:
        load_settings(write(tmp_path, f'bind = "{bind}"\n[redis]\nurl = "redis://:hunter2@live"\n'))
    assert "hunter2" not in caught.value.cause
    assert caught.value.next_step


def test_an_open_bind_from_the_environment_is_refused_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LABRELAY_BIND", "0.0.0.0")  # noqa: S104
    with pytest.raises(SettingsInvalid, match="insecure"):
        load_settings()


@pytest.mark.parametrize("bind", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_loopback_needs_nothing(tmp_path: Path, bind: str) -> None:
    assert load_settings(write(tmp_path, f'bind = "{bind}"\n')).bind == bind


def test_an_open_bind_that_is_meant_so_is_allowed(tmp_path: Path) -> None:
    assert load_settings(write(tmp_path, 'bind = "0.0.0.0"\ninsecure = true\n')).insecure


TLS = '[access]\ncertificate = "c.pem"\nkey = "k.pem"\n'


@pytest.mark.parametrize(
    ("lines", "asks"),
    [
        ("", False),
        ('[access]\ntokens = "always"\n', True),
        (f'bind = "0.0.0.0"\n{TLS}', True),
        ('bind = "0.0.0.0"\n[access]\nproxy = true\n', True),
        ('bind = "0.0.0.0"\ninsecure = true\n', False),
        ('bind = "0.0.0.0"\ninsecure = true\n[access]\ntokens = "always"\n', True),
    ],
)
def test_tokens_are_asked_for_where_others_can_call(tmp_path: Path, lines: str, asks: bool) -> None:
    assert load_settings(write(tmp_path, lines)).asks_for_tokens is asks


def test_half_a_certificate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="needs its key"):
        load_settings(write(tmp_path, '[access]\ncertificate = "c.pem"\n'))


@pytest.mark.parametrize(("url", "good"), [("https://gw", True), ("http://127.0.0.1:1", True), ("http://gw", False)])
def test_a_token_travels_over_tls_or_not_at_all(tmp_path: Path, url: str, good: bool) -> None:
    file = write(tmp_path, f'[oem]\nedge_url = "{url}"\ntoken_file = "t.txt"\n')
    if good:
        assert load_settings(file).oem.token_file
        return
    with pytest.raises(SettingsInvalid, match="anybody on the line could read the token"):
        load_settings(file)


def test_services_are_called_where_they_listen(tmp_path: Path) -> None:
    for bind, host in (("0.0.0.0", "127.0.0.1"), ("192.0.2.7", "192.0.2.7"), ("::", "[::1]")):  # noqa: S104
        settings = load_settings(write(tmp_path, f'bind = "{bind}"\n{TLS}'))
        assert settings.service_url("edge") == f"https://{host}:{settings.ports.edge}"


@pytest.fixture
def app() -> FastAPI:
    return create_app("sample")


@pytest.mark.parametrize("origin", [HERE, HERE.upper()])
def test_a_page_of_the_service_itself_may_call_it(app: FastAPI, origin: str) -> None:
    assert TestClient(app, base_url=HERE).get("/healthz", headers={"Origin": origin}).status_code == 200


@pytest.mark.parametrize(
    "origin",
    [
        "http://127.0.0.1:8080",
        "http://127.0.0.1",
        "http://localhost:59784",
        "null",
        "",
        "http://127.0.0.1:x",
        "file://",
    ],
)
def test_a_page_of_another_port_or_of_nowhere_may_not(app: FastAPI, origin: str) -> None:
    assert TestClient(app, base_url=HERE).get("/healthz", headers={"Origin": origin}).status_code == 403


def test_default_ports_are_ports(app: FastAPI) -> None:
    client = TestClient(app, base_url="http://localhost")
    assert client.get("/healthz", headers={"Origin": "http://localhost:80"}).status_code == 200
    assert client.get("/healthz", headers={"Origin": "https://localhost"}).status_code == 200
    assert client.get("/healthz", headers={"Origin": "http://localhost:81"}).status_code == 403


@pytest.mark.parametrize("host", ["", "evil.example", "127.0.0.1.evil.example", "[::1", "localhost@evil.example"])
def test_a_name_that_is_not_the_services_is_refused(app: FastAPI, host: str) -> None:
    assert TestClient(app).get("/healthz", headers={"Host": host}).status_code == 403


def test_names_from_the_settings_are_accepted_and_only_those(settings: Settings) -> None:
    named = settings.model_copy(update={"hosts": ("Gateway",), "advertise": "edge.lab.example"})
    client = TestClient(listener("pipeline-registry", named).app)
    for host, status in {"gateway:10107": 200, "edge.lab.example": 200, "localhost": 200, "elsewhere": 403}.items():
        assert client.get("/healthz", headers={"Host": host}).status_code == status, host


def test_the_edge_accepts_the_same_names(settings: Settings) -> None:
    edge = listeners("gateway", settings.model_copy(update={"hosts": ("gateway",)}))[-1]
    client = TestClient(edge.app)
    for host, status in {"gateway:59700": 422, "elsewhere": 403}.items():
        assert client.get("/edge/v2/inputs/", headers={"Host": host}).status_code == status, host


def test_an_app_that_is_no_service_of_ours_is_guarded_alike() -> None:
    client = TestClient(HostGuard(FastAPI(docs_url="/"), ("bento",)))
    assert client.get("/", headers={"Host": "bento:3000"}).status_code == 200
    assert client.get("/", headers={"Host": "elsewhere"}).status_code == 403


def test_pipelines_get_the_advertised_address_and_services_keep_loopback(settings: Settings) -> None:
    named = settings.model_copy(update={"advertise": "gateway"})
    port = settings.ports.task_launcher
    assert named.advertised_url("task_launcher") == f"http://gateway:{port}"
    assert named.service_url("task_launcher") == settings.advertised_url("task_launcher") == f"http://127.0.0.1:{port}"


def test_a_certificate_without_its_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match=r"`oem.tls`.*both or none"):
        load_settings(write(tmp_path, '[oem.tls]\ncertificate = "me.pem"\n'))


def test_a_certificate_file_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match=r"ca\.pem"):
        Client("https://gateway.example", tls=Tls(ca=tmp_path / "ca.pem"))


def test_the_command_names_the_section_that_is_wrong(tmp_path: Path) -> None:
    file = write(tmp_path, '[oem.tls]\nca = "ca.pem"\n')
    command = [sys.executable, "-m", "labrelay", "serve", "data-organizer", "--config", str(file)]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert "[oem.tls]" in ended.stderr
