"""The Dockerfile: what it copies is there and let through, what it installs is pinned, what it runs is a command."""

import re

import pytest

from labrelay.settings import load_settings
from labrelay.supervisor import SERVICES
from tests.compose.stack import COMPOSE, ROOT, environment, instructions, stack

COPIED = [
    source.rstrip("/")
    for verb, *words in instructions()
    if verb == "COPY" and not any(word.startswith("--from") for word in words)
    for source in [word for word in words if not word.startswith("--")][:-1]
]
VARIABLES = dict(word.split("=", 1) for verb, *words in instructions() if verb == "ENV" for word in words)


def test_what_is_copied_is_there_and_let_through() -> None:
    rules = (COMPOSE / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    for source in COPIED:
        assert (ROOT / source).exists(), source
        assert f"!{source}" in rules, source


def test_every_room_is_copied() -> None:
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"benchmarks", "tests"}
    assert rooms <= set(COPIED)


@pytest.mark.parametrize("service", ["gateway", "oem"])
def test_both_images_install_locks_with_hashes(service: str) -> None:
    extra = stack()["services"][service]["build"]["args"]["EXTRA"]
    lock = (ROOT / "requirements" / f"{extra}.txt").read_text(encoding="utf-8")
    assert lock.count("==") <= lock.count("--hash=sha256:")


def test_the_database_driver_is_locked_like_all_else() -> None:
    lock = (COMPOSE / "postgresql.txt").read_text(encoding="utf-8")
    assert re.search(r"^psycopg==", lock, re.MULTILINE)
    assert lock.count("==") <= lock.count("--hash=sha256:")
    assert "http" not in lock
    pins = dict(re.findall(r"^([\w-]+)==([\w.]+)", (ROOT / "requirements" / "all.txt").read_text(), re.MULTILINE))
    for name, version in re.findall(r"^([\w-]+)==([\w.]+)", lock, re.MULTILINE):
        assert pins.get(name, version) == version, name


def test_every_installation_checks_hashes_or_brings_nothing() -> None:
    shell = " && ".join(" ".join(words) for verb, *words in instructions() if verb == "RUN")
    installs = re.findall(r"pip install ([^&;]*)", shell)
    assert len(installs) == 4
    assert all("--require-hashes" in each or "--no-deps" in each for each in installs)


def test_the_build_tool_is_in_the_lock_that_it_is_taken_from() -> None:
    lock = (ROOT / "requirements" / "gateway.txt").read_text(encoding="utf-8")
    assert re.search(r"^setuptools==", lock, re.MULTILINE)


def test_it_runs_as_nobody_special_and_keeps_its_data() -> None:
    verbs = {verb: words for verb, *words in instructions()}
    assert verbs["USER"] == ["labrelay"]
    assert verbs["VOLUME"] == ["/data"]
    assert verbs["ENTRYPOINT"] == ["labrelay"]


def test_nothing_phones_home() -> None:
    assert VARIABLES["BENTOML_DO_NOT_TRACK"] == "True"
    assert any("openvino_telemetry" in word for verb, *words in instructions() if verb == "RUN" for word in words)
    grafana = environment("grafana")
    assert {value for name, value in grafana.items() if "ANALYTICS" in name or "NEWS" in name} == {"false"}


@pytest.mark.parametrize(("side", "name"), [("gateway", "job-repository"), ("oem", "file-watcher")])
def test_health_is_asked_where_a_service_of_that_side_listens(side: str, name: str) -> None:
    url = {**VARIABLES, **environment(side)}["LABRELAY_HEALTH"]
    settings = load_settings(COMPOSE / f"labrelay.{side}.toml")
    assert url == f"http://127.0.0.1:{getattr(settings.ports, SERVICES[name][1])}/readyz"
