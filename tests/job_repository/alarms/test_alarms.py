"""Alarms over the API: a rule raises once, somebody acknowledges, it is over once; each is told and on record."""

import base64
import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from job_repository import repository as rooms
from job_repository.alarms import deliveries
from job_repository.app import create
from labrelay.embedded.redis import EmbeddedRedis
from labrelay.settings import Settings
from labrelay.settings.alarms import Alarms, Webhook
from tests.job_repository.alarms.receivers import Calls, webhook
from tests.job_repository.conftest import announce
from tests.polling import until
from tests.ports import take_port

RULES = "/api/v2/alarms/rules"
SILENT = {"kind": "instrument_silent", "instrument": "reader1", "expected_s": 0.1, "grace_s": 0.1}
SECRET = "whsec_" + base64.b64encode(b"s" * 24).decode()


@pytest.fixture(scope="module")
def calls() -> Iterator[Calls]:
    with webhook() as calls:
        yield calls


@pytest.fixture(scope="module")
def settings(home: Settings, calls: Calls, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    file = tmp_path_factory.mktemp("secret") / "secret"
    file.write_text(SECRET)
    return home.model_copy(update={"alarms": Alarms(webhook=Webhook(url=calls.url, secret_file=file), timeout_s=5)})


@pytest.fixture(scope="module")
def module_api(settings: Settings) -> Iterator[TestClient]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rooms, "ALARMS_S", 0.1)
        patch.setattr(deliveries, "IDLE_S", 0.05)
        patch.setattr(deliveries, "PAUSES_S", (0.05, 0.05))
        with TestClient(create(settings), client=("127.0.0.1", 40000), raise_server_exceptions=False) as client:
            yield client


@pytest.fixture
def api(module_api: TestClient, calls: Calls) -> Iterator[TestClient]:
    calls.answers.clear()
    yield module_api
    for rule in module_api.get(RULES).json()["items"]:
        module_api.delete(
            f"{RULES}/{rule['kind']}", params={"instrument": rule["instrument"]} if rule["instrument"] else {}
        )
    until(lambda: open_alarms(module_api) == [], "alarms end with their rules")
    until(lambda: not waiting(module_api), "all messages went out")
    calls.got.clear()


def open_alarms(api: TestClient) -> list[dict[str, Any]]:
    return list(api.get("/api/v2/alarms", params={"open": "true"}).json()["items"])


def waiting(api: TestClient) -> list[dict[str, Any]]:
    return [each for each in api.get("/api/v2/alarms/deliveries").json()["items"] if each["state"] == "waiting"]


def told(calls: Calls) -> list[str]:
    return [json.loads(body)["type"] for _, body in calls.got]


def set_rule(api: TestClient, rule: dict[str, Any], expect: int = 200) -> Any:
    answer = api.put(RULES, json={"rule": rule, "by": "Ada"})
    assert answer.status_code == expect, answer.text
    return answer.json()


def files(api: TestClient, first: int, count: int = 1) -> None:
    for number in range(first, first + count):
        announce(api, path=f"plate/{number}.tif", sha256=f"{number:064x}")


def reports(api: TestClient) -> list[dict[str, Any]]:
    return list(api.get("/api/v2/instruments/reports").json()["items"])


def summed(api: TestClient) -> list[dict[str, Any]]:
    return list(api.get("/api/v2/summary").json()["instruments"])


def silent_since_ns(api: TestClient, name: str) -> int | None:
    found: int | None = next(each["silent_since_ns"] for each in summed(api) if each["instrument"] == name)
    return found


def test_the_summary_says_since_when_an_instrument_is_silent(
    api: TestClient, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    files(api, 400)
    assert silent_since_ns(api, "reader1") is None
    set_rule(api, SILENT)
    until(lambda: open_alarms(api), "it is raised")
    last = next(each["last"] for each in reports(api) if each["instrument"] == "reader1")
    assert silent_since_ns(api, "reader1") == last["at_ns"]
    api.put("/api/v2/instruments/reader1/pause", json={"paused": True, "by": "Ada"})
    assert silent_since_ns(api, "reader1") is None
    api.put("/api/v2/instruments/reader1/pause", json={"paused": False, "by": "Ada"})
    api.app.state.repository.contacts.heard("reader9", "1.0", 0)  # type: ignore[attr-defined]
    heard_ns = time.time_ns()
    monkeypatch.setattr("job_repository.instruments.silences.DEAF_S", 0.1)
    until(lambda: any(each["instrument"] == "reader9" for each in summed(api)), "its side isn't heard")
    assert abs((silent_since_ns(api, "reader9") or 0) - heard_ns) < 1e9


def test_a_silent_instrument_is_raised_acknowledged_and_over_once_each(
    api: TestClient, calls: Calls, settings: Settings
) -> None:
    files(api, 0, 7)
    set_rule(api, SILENT)
    until(lambda: open_alarms(api), "it is raised")
    time.sleep(0.5)
    [alarm] = open_alarms(api)
    assert (alarm["kind"], alarm["subject"], alarm["state"]) == ("instrument_silent", "reader1", "raised")
    read = api.get("/api/v2/alarms", headers={"Accept-Language": "zh-CN,en;q=0.5"}).json()["items"][0]
    assert not any(read[words].isascii() or alarm[words] == read[words] for words in ("cause", "next_step"))
    assert (read["subject"], read["parameters"]) == ("reader1", alarm["parameters"])
    for name in ("Ada", "Otto"):
        answer = api.post(f"/api/v2/alarms/{alarm['number']}/acknowledge", json={"by": name, "reason": "I go"})
        assert (answer.json()["acknowledged_by"], answer.json()["reason"]) == ("Ada", "I go")
    assert open_alarms(api)[0]["state"] == "acknowledged"
    set_rule(api, {**SILENT, "grace_s": 600})
    until(lambda: not open_alarms(api), "it is over")
    until(lambda: len(calls.got) == 2, "both messages arrive")
    assert told(calls) == ["alarm.raised", "alarm.cleared"]
    late = api.post(f"/api/v2/alarms/{alarm['number']}/acknowledge", json={})
    assert late.json()["code"] == "alarm_cleared"
    assert acts(settings)[-4:] == ["alarm_raised", "alarm_acknowledged", "alarm_rule_set", "alarm_cleared"]


def test_a_paused_instrument_raises_nothing(api: TestClient, calls: Calls) -> None:
    files(api, 100)
    api.put("/api/v2/instruments/reader1/pause", json={"paused": True, "by": "Ada"})
    set_rule(api, SILENT)
    time.sleep(0.6)
    assert open_alarms(api) == []
    api.put("/api/v2/instruments/reader1/pause", json={"paused": False, "by": "Ada"})
    until(lambda: open_alarms(api), "after the pause it counts again")
    api.put("/api/v2/instruments/reader1/pause", json={"paused": True, "by": "Ada"})
    until(lambda: not open_alarms(api), "a pause ends the alarm")
    api.put("/api/v2/instruments/reader1/pause", json={"paused": False, "by": "Ada"})


def test_a_message_that_is_refused_is_tried_again_under_the_same_id(api: TestClient, calls: Calls) -> None:
    calls.answers[:] = [500]
    files(api, 200)
    set_rule(api, SILENT)
    until(lambda: len(calls.got) == 2, "it is tried again")
    assert len({headers["webhook-id"] for headers, _ in calls.got}) == 1
    until(lambda: not waiting(api), "it is told as sent")
    newest = api.get("/api/v2/alarms/deliveries").json()["items"][0]
    assert (newest["state"], newest["attempts"], newest["outcome"]) == ("sent", 2, "answered 200")


def test_after_the_last_try_it_is_given_up(api: TestClient, calls: Calls) -> None:
    calls.answers[:] = [500] * 3
    files(api, 300)
    set_rule(api, SILENT)
    until(lambda: len(calls.got) == 3, "three tries")
    until(lambda: not waiting(api), "given up")
    newest = api.get("/api/v2/alarms/deliveries").json()["items"][0]
    assert (newest["state"], newest["attempts"]) == ("failed", 3)


def test_a_test_message_goes_out_at_once_and_only_once(api: TestClient, calls: Calls) -> None:
    answer = api.post("/api/v2/alarms/channels/webhook/test").json()
    assert (answer["state"], answer["outcome"]) == ("sent", "answered 200")
    calls.answers[:] = [503]
    answer = api.post("/api/v2/alarms/channels/webhook/test").json()
    assert (answer["state"], answer["outcome"]) == ("failed", "The webhook answered 503.")
    time.sleep(0.3)
    assert told(calls) == ["alarm.test", "alarm.test"]
    assert api.post("/api/v2/alarms/channels/email/test").json()["code"] == "channel_missing"
    assert api.post("/api/v2/alarms/channels/pigeon/test").status_code == 422


def test_neither_address_nor_secret_is_told_anywhere(api: TestClient, calls: Calls) -> None:
    api.post("/api/v2/alarms/channels/webhook/test")
    for path in ("/api/v2/alarms", "/api/v2/alarms/channels", "/api/v2/alarms/deliveries"):
        text = api.get(path).text
        assert SECRET not in text
        assert "t0p-secret" not in text


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "boredom"},
        {"kind": "disk_low", "instrument": "reader1"},
        {"kind": "instrument_silent", "hours": {"begins": "25:00"}},
        {"kind": "instrument_silent", "hours": {"days": []}},
        {"kind": "instrument_silent", "expected_s": -1},
        {"kind": "instrument_silent", "grace_s": "nan"},
        {"kind": "backlog_old", "minutes": 0},
        {"kind": "failures_waiting", "severity": 3},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(api: TestClient, rule: dict[str, Any]) -> None:
    set_rule(api, rule, 422)


def test_what_is_not_there_is_not_found(api: TestClient) -> None:
    assert api.delete(f"{RULES}/disk_low").status_code == 404
    assert api.post("/api/v2/alarms/999999/acknowledge", json={}).status_code == 404


def test_the_report_tells_the_folders_that_the_side_watches_and_what_is_wrong(api: TestClient) -> None:
    said = {"instrument": "reader1", "folders": [{"name": "input", "path": "D:/images", "unreachable": "share away"}]}
    api.get("/edge/v2/captures/ended", params={"instrument": "reader1"})
    assert api.post("/edge/v2/captures/watching", json=said).status_code == 204
    report = next(
        each for each in api.get("/api/v2/instruments/reports").json()["items"] if each["instrument"] == "reader1"
    )
    assert (report["condition"], report["told"]) == ("share_unreachable", "D:/images: share away")
    assert report["last"]["path"].startswith("plate/")
    api.post("/edge/v2/captures/watching", json={"instrument": "reader1", "folders": []})
    report = next(
        each for each in api.get("/api/v2/instruments/reports").json()["items"] if each["instrument"] == "reader1"
    )
    assert report["condition"] == "unmatched"


def test_an_alarm_that_a_restart_finds_stays_open_and_is_told_no_second_time(
    tmp_path: Path, settings: Settings, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "ALARMS_S", 0.1)
    own = settings.model_copy(
        update={"data": tmp_path, "redis": settings.redis.model_copy(update={"port": take_port()})}
    )
    server = EmbeddedRedis(tmp_path / "redis", own.redis.port)
    server.start()
    calls.got.clear()
    with TestClient(create(own), client=("127.0.0.1", 40000)) as first:
        files(first, 0, 7)
        set_rule(first, SILENT)
        until(lambda: calls.got, "raised")
    with TestClient(create(own), client=("127.0.0.1", 40000)) as second:
        time.sleep(0.5)
        assert len(open_alarms(second)) == 1
    server.stop()
    assert told(calls) == ["alarm.raised"]


def acts(settings: Settings) -> list[str]:
    record = sqlite3.connect(settings.record_url.removeprefix("sqlite:///"))
    try:
        return [row[0] for row in record.execute("SELECT kind FROM audit WHERE kind LIKE 'alarm_%' ORDER BY number")]
    finally:
        record.close()
