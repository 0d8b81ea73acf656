"""compose.yaml: what is open to whom, what is kept, and that what it names is there."""

from pathlib import Path

import pytest
import yaml

from labrelay.settings import load_settings
from labrelay.settings.model import Ports
from tests.compose.stack import COMPOSE, environment, mounts, stack

SERVICES = stack()["services"]
MADE_BY_THE_OPERATOR = {"./prometheus-token", "./certs", "./instrument/images", "./instrument/results"}


@pytest.mark.parametrize("file", sorted(COMPOSE.rglob("*.y*ml")), ids=lambda file: file.name)
def test_every_yaml_file_is_a_mapping(file: Path) -> None:
    assert isinstance(yaml.safe_load(file.read_text(encoding="utf-8")), dict)


def test_only_the_proxy_is_open_to_other_machines() -> None:
    open_to_all = {
        (name, port)
        for name, service in SERVICES.items()
        for port in service.get("ports", [])
        if not port.startswith("127.0.0.1:")
    }
    assert open_to_all == {("proxy", "443:8443")}
    assert not any(service.get("network_mode") == "host" for service in SERVICES.values())


def test_no_two_services_want_the_same_port_of_the_host() -> None:
    wanted = [port.split(":")[-2] for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(wanted) == len(set(wanted))


def test_what_the_gateway_publishes_is_where_its_services_listen() -> None:
    known = Ports().model_dump().values()
    published = [port.split(":")[-1] for port in SERVICES["gateway"]["ports"]]
    assert published
    assert all(int(port) in known for port in published)
    assert str(Ports().edge) not in published


def test_the_live_store_writes_every_step_to_disk_and_is_not_published() -> None:
    command = " ".join(SERVICES["redis"]["command"])
    assert "--appendonly yes" in command
    assert "--appendfsync always" in command
    assert "--maxmemory-policy noeviction" in command
    assert "ports" not in SERVICES["redis"]
    assert SERVICES["redis"]["networks"] == ["live"]
    assert stack()["networks"]["live"]["internal"] is True


def test_what_must_last_lies_on_named_volumes() -> None:
    for service, target in {"gateway": "/data", "oem": "/data", "redis": "/data"}.items():
        assert dict((goal, source) for source, goal in mounts(service))[target] in stack()["volumes"]  # noqa: C402


def test_every_mounted_file_is_there() -> None:
    for service in SERVICES:
        for source, _ in mounts(service):
            if source.startswith(".") and source not in MADE_BY_THE_OPERATOR:
                assert (COMPOSE / source).exists(), f"{service}: {source}"
            elif not source.startswith("."):
                assert source in stack()["volumes"], f"{service}: {source}"


def test_every_service_drops_its_rights_and_names_a_version() -> None:
    for name, service in SERVICES.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert ":" in service["image"], name
        assert not service["image"].endswith(":latest"), name


def test_optional_parts_are_off_unless_asked_for() -> None:
    always = {name for name, service in SERVICES.items() if "profiles" not in service}
    assert always == {"gateway", "redis", "proxy"}
    for service in SERVICES.values():
        assert set(service.get("depends_on", ())) <= always


@pytest.mark.parametrize("side", ["gateway", "oem"])
def test_the_settings_load_with_the_environment_of_their_service(side: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(side).items():
        monkeypatch.setenv(name, value)
    settings = load_settings(COMPOSE / f"labrelay.{side}.toml")
    assert settings.data == Path("/data")
    assert f"labrelay.{side}.toml" in SERVICES[side]["command"][-1]


def test_the_gateway_is_called_and_calls_by_the_names_of_its_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment("gateway").items():
        monkeypatch.setenv(name, value)
    settings = load_settings(COMPOSE / "labrelay.gateway.toml")
    assert settings.asks_for_tokens
    assert settings.access.proxy
    assert settings.bind == "0.0.0.0"  # noqa: S104
    assert settings.redis_url.startswith("redis://redis:")
    assert settings.record_url.startswith("sqlite:///")
    assert settings.mqtt.host == ""
    assert set(settings.hosts) | {settings.advertise} <= set(SERVICES)


def test_the_instruments_side_listens_to_nobody_else() -> None:
    settings = load_settings(COMPOSE / "labrelay.oem.toml")
    assert settings.bind == "127.0.0.1"
    assert "ports" not in SERVICES["oem"]
    targets = [target for _, target in mounts("oem")]
    for folder in (*(each.path for each in settings.folders), settings.oem.output_folder):
        assert folder.as_posix() in targets
    gateway = load_settings(COMPOSE / "labrelay.gateway.toml")
    assert settings.edge_url == f"http://{gateway.hosts[0]}:{gateway.ports.edge}"


def test_every_example_of_the_environment_is_used() -> None:
    used = (COMPOSE / "compose.yaml").read_text(encoding="utf-8")
    for line in (COMPOSE / "env.example").read_text(encoding="utf-8").splitlines():
        name, sign, _ = line.removeprefix("# ").partition("=")
        if sign and name.isupper():
            assert f"${{{name}:-" in used, name
