"""Changed settings enter the audit at the next start: which, from what, to what, and no secret of them."""

import json
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from job_repository.app import create
from job_repository.record.audit_verification import Verification
from job_repository.record.settings_seen import SEEN
from job_repository.repository import Repository
from labrelay.settings import Settings
from labrelay.settings.alarms import Alarms, Webhook
from labrelay.settings.model import Mqtt, Redis


def started(settings: Settings) -> list[dict[str, Any]]:
    """One start and its end; the bodies of all rows on settings."""
    with TestClient(create(settings), client=("127.0.0.1", 40000)) as api:
        repository: Repository = api.app.state.repository  # type: ignore[attr-defined]
        with repository.record.read() as connection:
            rows = connection.exec_driver_sql("SELECT body FROM audit WHERE kind = 'settings_changed' ORDER BY number")
            bodies = [json.loads(body) for (body,) in rows]
        assert Verification(repository.record, repository.audit.signer).verify().findings == []
    return bodies


def with_password(settings: Settings, password: str) -> Settings:
    """An address of Redis with a password; its server asks for none."""
    url = f"redis://:{password}@127.0.0.1:{settings.redis.port}/0"
    return settings.model_copy(update={"redis": Redis(port=settings.redis.port, url=url)})


def test_only_what_changed_is_entered_with_old_and_new(settings: Settings, redis_url: str) -> None:
    assert started(settings) == started(settings) == []
    launcher = settings.launcher.model_copy(update={"attempts": 5})
    changed = settings.model_copy(update={"launcher": launcher, "mqtt": Mqtt(host="broker")})
    *_, second = started(changed)
    assert second["changed"] == {"launcher.attempts": [3, 5], "mqtt.host": ["", "broker"]}
    *_, third = started(settings)
    assert third["changed"] == {"launcher.attempts": [5, 3], "mqtt.host": ["broker", ""]}


def test_a_changed_password_is_told_and_never_shown(settings: Settings, redis_url: str) -> None:
    started(settings)
    started(with_password(settings, "first-secret"))
    *_, last = bodies = started(with_password(settings, "second-secret"))
    assert list(last["changed"]) == ["redis.url"]
    old, new = last["changed"]["redis.url"]
    assert old != new
    assert "***" in old
    assert "secret" not in json.dumps(bodies)
    assert len(started(with_password(settings, "second-secret"))) == len(bodies)


def test_the_address_of_a_webhook_is_never_shown_whole(settings: Settings, redis_url: str) -> None:
    started(settings)
    hook = Webhook(url="https://hooks.example/T0P/secret", secret_file=Path("secret"))
    *_, last = bodies = started(settings.model_copy(update={"alarms": Alarms(webhook=hook)}))
    assert last["changed"]["alarms.webhook.url"][1].startswith("hooks.example *** (")
    assert "T0P" not in json.dumps(bodies)


def test_taking_away_what_was_seen_last_hides_nothing(settings: Settings, redis_url: str) -> None:
    started(settings)
    started(settings.model_copy(update={"mqtt": Mqtt(host="broker")}))
    (settings.gateway_layout.secrets / SEEN).unlink()
    *_, last = started(settings)
    assert (last["before"], last["settings"]["mqtt.host"]) == ("unknown", "")


def test_a_folder_that_left_the_settings_is_told(settings: Settings, redis_url: str) -> None:
    started(settings)
    none = settings.model_copy(update={"oem": settings.oem.model_copy(update={"folders": ()})})
    *_, last = started(none)
    name = settings.folders[0].path.as_posix()
    assert last["changed"]["oem.folders.0.path"] == [name, None]
