"""Nothing that people read shows a secret: logs, metrics, problem documents, `config show`, `doctor`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from labrelay.redaction import redacted
from labrelay.session import run_folder
from labrelay.supervisor import GATEWAY
from tests.intruders.conftest import Guarded


def command(*words: str, config: Path) -> str:
    """All that a command says, whatever it thinks of the settings."""
    line = [sys.executable, "-m", "labrelay", *words, "--config", str(config)]
    ended = subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)
    return ended.stdout + ended.stderr


@pytest.mark.process
@pytest.mark.timeout(300)
def test_a_running_gateway_shows_no_secret(guarded: Guarded) -> None:
    settings = guarded.session.settings
    config = run_folder(settings) / "settings.json"
    said = {words[0]: command(*words, config=config) for words in (("config", "show"), ("doctor", "--json"), ("jobs",))}
    repository = settings.service_url("job_repository")
    bad = f"{repository}/api/v1/job/pipeline/{'0' * 8}/x?attempt=1.1&key={'f' * 64}"
    said["refused"] = requests.put(bad, json={}, headers={"Authorization": "Bearer sesame"}, timeout=10).text
    for name, (_, port) in GATEWAY.items():
        said[f"metrics of {name}"] = requests.get(f"{settings.service_url(port)}/metrics", timeout=10).text
        said[f"readiness of {name}"] = requests.get(f"{settings.service_url(port)}/readyz", timeout=10).text
    said |= {log.name: log.read_text(errors="replace") for log in run_folder(settings).glob("*.log")}
    assert "debug" in said["config"]
    assert [name for name in said if name.endswith(".log")]
    shown = [
        (place, name) for place, text in said.items() for name, secret in guarded.secrets.items() if secret in text
    ]
    assert not shown
    assert "sesame" not in "".join(said.values())


@pytest.mark.process
def test_files_that_hold_secrets_are_their_owners_alone(guarded: Guarded) -> None:
    settings = guarded.session.settings
    files = [run_folder(settings) / "settings.json", *settings.gateway_layout.secrets.iterdir()]
    assert [file.name for file in files if file.stat().st_mode & 0o077] == []


def test_a_database_that_cannot_be_reached_is_told_without_its_password(tmp_path: Path) -> None:
    config = tmp_path / "labrelay.toml"
    config.write_text('[record]\nurl = "postgresql+psycopg://lab:hunter2@127.0.0.1:1/lab?password=hunter3"\n')
    said = command("config", "show", config=config) + command("doctor", "--json", config=config)
    assert "127.0.0.1" in said
    assert "hunter" not in said


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://:hunter2@live:6379/0", "redis://:***@live:6379/0"),
        (
            "postgresql://lab:hunter2@db/x?sslmode=1&password=hunter2",
            "postgresql://lab:***@db/x?sslmode=1&password=***",
        ),
        (
            "http://h:59784/api/v1/x?attempt=1.2&key=hunter2 failed",
            "http://h:59784/api/v1/x?attempt=1.2&key=*** failed",
        ),
        ("Authorization: Bearer hunter2", "Authorization: Bearer ***"),
        ("https://gateway:59700/edge/v2/inputs?instrument=a@b", "https://gateway:59700/edge/v2/inputs?instrument=a@b"),
    ],
)
def test_what_looks_like_a_secret_is_blotted_out(text: str, shown: str) -> None:
    assert redacted(text) == shown


def test_logs_blot_out_secrets_in_tracebacks_too() -> None:
    code = (
        "from labrelay.telemetry import configure_logging, logger\n"
        "import logging\nconfigure_logging('x')\n"
        "try:\n    raise OSError('redis://:hunter2@live')\n"
        "except OSError as e:\n    logger('y').error('no', exc_info=e, url='a?key=hunter2')\n"
        "    logging.getLogger('z').error('u %s', e)\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True).stderr
    lines = [json.loads(line) for line in said.splitlines()]
    assert len(lines) == 2
    assert "hunter2" not in said
    assert "***" in said
