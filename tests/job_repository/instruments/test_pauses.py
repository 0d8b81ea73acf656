"""Instruments are paused from the gateway or at the instrument; both are on record, and explain what is overdue."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from job_repository.app import create
from labrelay.settings import Settings
from labrelay.settings.model import Launcher
from tests.job_repository.conftest import add_task, announce, job_of, take
from tests.polling import until

PAUSE = "/api/v2/instruments/reader1/pause"
AT_INSTRUMENT = {"by": "Bob", "reason": "lamp", "since_ns": 7}


def pause(api: TestClient, *, paused: bool = True, reason: str = "laser", by: str = "Ada") -> dict[str, Any]:
    answer = api.put(PAUSE, json={"paused": paused, "reason": reason, "by": by})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def told(api: TestClient, held: dict[str, Any] | None) -> dict[str, Any]:
    answer = api.post("/edge/v2/captures/paused", json={"instrument": "reader1", "pause": held})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def ended(api: TestClient, **query: Any) -> dict[str, Any]:
    answer = api.get("/edge/v2/captures/ended", params={"instrument": "reader1", **query})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def acts(api: TestClient) -> list[tuple[str, str, str]]:
    record = api.app.state.repository.record  # type: ignore[attr-defined]
    query = "SELECT kind, actor, body FROM audit WHERE kind LIKE 'instrument%' ORDER BY number"
    with record.read() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def test_a_pause_is_shown_with_who_and_why_until_it_is_lifted(api: TestClient) -> None:
    held = pause(api)["gateway"]
    assert (held["by"], held["reason"]) == ("Ada", "laser")
    assert api.get(PAUSE).json() == {"gateway": held, "instrument": None}
    assert api.get("/api/v2/instruments").json() == {"reader1": {"gateway": held, "instrument": None}}
    assert pause(api, paused=False)["gateway"] is None
    assert api.get("/api/v2/instruments").json() == {}


def test_the_summary_names_paused_instruments_also_those_without_jobs(api: TestClient) -> None:
    add_task(api)
    announce(api, path="plate/A1.tif")
    other = {"paused": True, "by": "Ada"}
    assert api.put("/api/v2/instruments/new-reader/pause", json=other).status_code == 200
    told(api, AT_INSTRUMENT)
    found = {each["instrument"]: each for each in api.get("/api/v2/summary").json()["instruments"]}
    assert found["new-reader"]["paused"]["gateway"]["by"] == "Ada"
    assert found["new-reader"]["jobs"] == 0
    assert found["reader1"]["paused"] == {"gateway": None, "instrument": AT_INSTRUMENT}
    assert found["reader1"]["live"] == 1


def test_the_same_pause_again_changes_nothing_and_another_reason_counts(api: TestClient) -> None:
    first = pause(api)
    assert pause(api) == first
    assert pause(api, reason="lamp")["gateway"]["reason"] == "lamp"
    assert [kind for kind, _, _ in acts(api)] == ["instrument_paused", "instrument_paused"]


def test_each_pause_and_resume_enters_the_audit(api: TestClient) -> None:
    pause(api)
    pause(api, paused=False, by="Bea")
    pause(api, paused=False, by="Bea")
    told(api, AT_INSTRUMENT)
    told(api, AT_INSTRUMENT)
    told(api, None)
    assert [(kind, actor) for kind, actor, _ in acts(api)] == [
        ("instrument_paused", "Ada"),
        ("instrument_resumed", "Bea"),
        ("instrument_paused", "Bob"),
        ("instrument_resumed", "Bob"),
    ]
    assert "laser" in acts(api)[0][2]
    assert api.get("/api/v2/audit/verify").json()["intact"]


def test_each_side_lifts_only_its_own_pause(api: TestClient) -> None:
    pause(api)
    told(api, AT_INSTRUMENT)
    assert pause(api, paused=False) == {"gateway": None, "instrument": AT_INSTRUMENT}
    pause(api)
    assert told(api, None)["gateway"]["by"] == "Ada"


def test_the_oem_side_hears_of_a_pause_while_it_waits(api: TestClient) -> None:
    until(lambda: api.get("/readyz").is_success, "the live store is open")  # its first epoch ends waits too
    assert ended(api, paused_ns=0)["paused"] == {"gateway": None, "instrument": None}
    timer = threading.Timer(0.3, lambda: pause(api))
    timer.start()
    heard = ended(api, paused_ns=0, wait=30)["paused"]["gateway"]
    timer.join()
    assert heard["by"] == "Ada"
    assert ended(api, paused_ns=heard["since_ns"], wait=0.1)["paused"]["gateway"] == heard
    timer = threading.Timer(0.3, lambda: pause(api, paused=False))
    timer.start()
    assert ended(api, paused_ns=heard["since_ns"], wait=30)["paused"]["gateway"] is None
    timer.join()


@pytest.mark.parametrize(
    "body",
    [
        {"paused": True, "reason": "two\nlines"},
        {"paused": True, "reason": "nul\x00"},
        {"paused": True, "by": "x" * 501},
        {"paused": True, "resaon": "typing error"},
        {},
    ],
)
def test_what_makes_no_sense_is_refused(api: TestClient, body: dict[str, Any]) -> None:
    assert api.put(PAUSE, json=body).status_code == 422
    assert api.get("/api/v2/instruments").json() == {}


@pytest.mark.parametrize("name", ["a b", "-x", "x" * 65, "ä"])
def test_only_names_of_instruments_can_be_paused(api: TestClient, name: str) -> None:
    assert api.put(f"/api/v2/instruments/{name}/pause", json={"paused": True}).status_code == 422


def test_a_pause_outlasts_the_repository(settings: Settings, redis_url: str, tmp_path: Path) -> None:
    with TestClient(create(settings)) as api:
        held = pause(api)
    with TestClient(create(settings)) as api:
        assert api.get(PAUSE).json() == held
        assert ended(api, paused_ns=0)["paused"] == held


@pytest.fixture
def impatient(settings: Settings, redis_url: str) -> Iterator[TestClient]:
    soon = settings.model_copy(update={"launcher": Launcher(overdue_s=0.2)})
    with TestClient(create(soon)) as client:
        yield client


def test_what_waits_for_a_paused_instrument_says_so(impatient: TestClient) -> None:
    add_task(impatient)
    (job_id,) = announce(impatient)["jobs"]

    def overdue() -> str:
        return str(job_of(impatient, job_id)["overdue"])

    until(lambda: "hasn't come yet" in overdue(), "flagged as absent")
    pause(impatient)
    until(lambda: "paused from the gateway by Ada since" in overdue(), "flagged as paused")
    assert "laser" in overdue()
    pause(impatient, paused=False)
    until(lambda: "hasn't come yet" in overdue(), "flagged as absent again")


def test_what_the_instruments_side_has_told_of_a_job_stays(impatient: TestClient) -> None:
    add_task(impatient)
    (job_id,) = announce(impatient)["jobs"]
    take(impatient, job_id, "overdue", reason="The folder is full.")
    revision = job_of(impatient, job_id)["revision"]
    time.sleep(0.6)
    assert job_of(impatient, job_id)["overdue"] == "The folder is full."
    assert job_of(impatient, job_id)["revision"] == revision
