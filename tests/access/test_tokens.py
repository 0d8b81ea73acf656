"""Tokens: shown once, kept as digests, checked without the database, revoked within seconds, counted when wrong."""

import sqlite3
import stat
import time
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from typer.testing import CliRunner

from labrelay.access.keys import KeyFile
from labrelay.access.register import FRESH_S
from labrelay.access.roles import Role
from labrelay.access.tokens import fresh_token, parse_token
from labrelay.cli import app
from labrelay.contracts.access import NewToken
from labrelay.settings import Settings
from tests.access.gateway import Guarded
from tests.polling import until

pytestmark = pytest.mark.timeout(300)


def everything_below(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def config_file(settings: Settings, folder: Path) -> Path:
    file = folder / "settings.json"
    file.write_text(settings.model_dump_json())
    return file


def test_a_token_has_256_random_bits_and_an_id_that_may_be_shown() -> None:
    one, other = fresh_token(), fresh_token()
    assert one.text.startswith(f"labrelay_{one.id}_")
    assert parse_token(one.text) == one
    assert one.secret != other.secret
    assert len(one.secret) == 43
    assert one.secret not in repr(one)
    for text in ("", one.text[:-1], one.text + "x", one.text.upper(), "labrelay_x_y"):
        assert parse_token(text) is None


def test_no_secret_is_kept_anywhere(gateway: Guarded) -> None:
    kept = everything_below(gateway.settings.data)
    for made in gateway.tokens.values():
        token = parse_token(made.text)
        assert token is not None
        assert token.secret.encode() not in kept
        assert token.id.encode() in kept


def test_a_revoked_token_ends_within_seconds_everywhere(gateway: Guarded) -> None:
    made = gateway.token(Role.VIEWER, "Rita")
    ports = {"job_repository": "/api/v2/summary", "task_launcher": "/api/v2/tasks", "dashboard": "/jobs.json"}
    for port, path in ports.items():
        assert gateway.call(port, "GET", path, made).status_code == 200
    gateway.call("job_repository", "DELETE", f"/api/v2/tokens/{made.token.id}", gateway.tokens[Role.ADMIN])
    for port, path in ports.items():
        until(lambda p=port, a=path: gateway.call(p, "GET", a, made).status_code == 401, port, FRESH_S + 3)  # type: ignore[misc]
    cause = gateway.call("task_launcher", "GET", "/api/v2/tasks", made).json()["cause"]
    assert made.token.id in cause
    assert made.text not in cause


def test_a_new_token_holds_at_once_and_ends_by_itself(gateway: Guarded) -> None:
    for port in ("registry", "job_repository"):
        gateway.call(port, "GET", "/metrics", fresh_token().text)  # so that all have looked at the roll just now
    made = gateway.token(Role.VIEWER, "Gast", days=2 / 86_400)
    assert gateway.call("job_repository", "GET", "/api/v2/summary", made).status_code == 200
    assert gateway.call("registry", "GET", "/api/v2/pipelines", made).status_code == 200
    until(lambda: gateway.call("registry", "GET", "/api/v2/pipelines", made).status_code == 401, "it ends", 10)


def test_replacing_ends_the_earlier_tokens_of_the_same_holder(gateway: Guarded) -> None:
    first, other = gateway.token(Role.PIPELINE, "swap"), gateway.token(Role.PIPELINE, "stays")
    gateway.token(Role.PIPELINE, "swap", replace=True)
    held = {each["id"]: each for each in gateway.own("job_repository").get("/api/v2/tokens")["items"]}
    assert held[first.token.id]["revoked_ns"]
    assert held[other.token.id]["revoked_ns"] is None


def test_wrong_tokens_are_counted_and_cost_no_question_each(gateway: Guarded) -> None:
    def counted() -> float:
        return REGISTRY.get_sample_value("labrelay_requests_refused_total", {"code": "token_refused"}) or 0.0

    before = counted()
    register = gateway.apps["task-launcher"].state.access.register
    gateway.call("task_launcher", "GET", "/api/v2/tasks", fresh_token().text)
    for _ in range(50):
        assert gateway.call("task_launcher", "GET", "/api/v2/tasks", fresh_token().text).status_code == 401
    assert counted() >= before + 51
    assert register is not None


def test_the_secret_of_another_token_does_not_fit(gateway: Guarded) -> None:
    viewer, admin = (parse_token(gateway.tokens[role].text) for role in (Role.VIEWER, Role.ADMIN))
    assert viewer is not None
    assert admin is not None
    crossed = f"labrelay_{admin.id}_{viewer.secret}"
    assert gateway.call("job_repository", "GET", "/api/v2/summary", crossed).status_code == 401


def test_use_is_noted_and_who_did_what_is_on_record(gateway: Guarded) -> None:
    admin = gateway.tokens[Role.ADMIN]
    body = {"role": "viewer", "subject": "Nina"}
    claimed = {"X-Labrelay-Actor": "Mallory"}
    answer = gateway.call("job_repository", "POST", "/api/v2/tokens", admin, json=body, headers=claimed)
    assert answer.json()["token"]["created_by"] == "Ada"
    until(lambda: _used(gateway, admin), "its use is noted", 10)
    database = sqlite3.connect(gateway.settings.gateway_layout.record)
    acts = database.execute("SELECT actor, subject FROM audit WHERE kind = 'token_created'").fetchall()
    database.close()
    assert ("Ada", answer.json()["token"]["id"]) in acts


def _used(gateway: Guarded, made: NewToken) -> bool:
    gateway.call("job_repository", "GET", "/api/v2/summary", made)
    rows = gateway.own("job_repository").get("/api/v2/tokens")["items"]
    return any(row["id"] == made.token.id and row["used_ns"] for row in rows)


def test_the_service_key_is_readable_by_its_owner_alone(gateway: Guarded) -> None:
    key = gateway.settings.gateway_layout.secrets / "service.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert gateway.call("job_repository", "GET", "/api/v2/owned", "labrelay_service_" + "0" * 64).status_code == 401


def test_the_command_works_while_the_gateway_runs(gateway: Guarded, tmp_path: Path) -> None:
    config = str(config_file(gateway.settings, tmp_path))
    made = CliRunner().invoke(app, ["token", "create", "--role", "operator", "--for", "Olga", "--config", config])
    assert made.exit_code == 0, made.output
    token = made.stdout.splitlines()[0]
    assert gateway.call("job_repository", "GET", "/api/v2/summary", token).status_code == 200
    listed = CliRunner().invoke(app, ["token", "list", "--config", config])
    assert "Olga" in listed.stdout
    assert token not in listed.stdout
    token_id = token.split("_")[1]
    assert CliRunner().invoke(app, ["token", "revoke", token_id, "--config", config]).exit_code == 0
    until(lambda: gateway.call("job_repository", "GET", "/api/v2/summary", token).status_code == 401, "it ends", 10)


def test_the_first_token_is_made_before_the_gateway_runs(settings: Settings, tmp_path: Path) -> None:
    config = str(config_file(settings, tmp_path))
    lines = CliRunner().invoke(app, ["enroll", "reader-7", "--gateway", "https://gw.lab:59700", "--config", config])
    assert lines.exit_code == 0, lines.output
    assert 'instrument = "reader-7"\nedge_url = "https://gw.lab:59700"\ntoken_file = ' in lines.stdout
    assert parse_token(lines.stdout.splitlines()[-1]) is not None
    listed = CliRunner().invoke(app, ["token", "list", "--json", "--config", config])
    assert '"subject":"reader-7"' in listed.stdout
    for wrong in (["token", "create", "--role", "king", "--for", "x"], ["enroll", "../x"]):
        assert CliRunner().invoke(app, [*wrong, "--config", config]).exit_code == 2


def test_enrolling_keeps_the_token_off_the_screen_when_told_a_file(settings: Settings, tmp_path: Path) -> None:
    config, file = str(config_file(settings, tmp_path)), tmp_path / "reader-8.txt"
    told = CliRunner().invoke(app, ["enroll", "reader-8", "--to", str(file), "--config", config])
    text = file.read_text().strip()
    assert parse_token(text) is not None
    assert text not in told.output
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert CliRunner().invoke(app, ["enroll", "reader-8", "--to", str(file), "--config", config]).exit_code == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_token_file_is_read_as_windows_writes_it_and_anew_when_it_changes(tmp_path: Path, encoding: str) -> None:
    file = KeyFile(tmp_path / "token.txt")
    assert file.read() == ""
    for text in (fresh_token().text, fresh_token().text):
        (tmp_path / "token.txt").write_text(f"{text}\r\n", encoding=encoding)
        assert file.read() == text
        time.sleep(0.01)
    (tmp_path / "token.txt").write_bytes(b"\xff\x00\x01bad\n")
    assert file.read() == ""
