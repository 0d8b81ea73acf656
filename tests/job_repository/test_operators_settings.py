"""What an operator sets: drained instruments, closed plates, tasks that are made once and asked in order."""

import time
import uuid
from typing import Any

from fastapi.testclient import TestClient

from labrelay.settings import Settings
from tests.job_repository.conftest import SHA_B, add_task, announce, announcement, stored, take
from tests.job_repository.test_record import sql

DRAIN = "/api/v2/instruments/reader1/drain"


def drain(api: TestClient, *, draining: bool = True) -> Any:
    answer = api.put(DRAIN, json={"draining": draining, "by": "Ada", "reason": "service"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_what_has_come_goes_on_and_nothing_new_is_taken(api: TestClient, settings: Settings) -> None:
    add_task(api)
    capture = announce(api)
    assert drain(api)["by"] == "Ada"
    refused = api.post("/api/v2/captures", json=announcement("plate/B1.tif", SHA_B))
    assert (refused.status_code, refused.json()["code"]) == (503, "instrument_drained")
    assert "Ada" in refused.json()["cause"]
    assert announce(api)["created"] is False
    stored(api, capture)
    assert announce(api, "plate/C1.tif", SHA_B, instrument="reader2")["created"]
    (first, second) = api.get("/api/v2/summary").json()["instruments"]
    assert (first["draining"]["reason"], first["live"], second["draining"]) == ("service", 1, None)
    assert api.get("/api/v2/instruments").json() == {}
    drain(api, draining=False)
    assert announce(api, "plate/B1.tif", SHA_B)["created"]
    kinds = [kind for (kind,) in sql(settings, "SELECT kind FROM audit WHERE subject = 'reader1' ORDER BY number")]
    assert kinds == ["instrument_drained", "instrument_undrained"]


def test_a_drain_is_repeated_and_lifted_once(api: TestClient) -> None:
    held = drain(api)
    assert drain(api) == held
    assert api.get("/api/v2/instruments/drained").json() == {"reader1": held}
    assert drain(api, draining=False) is None
    assert drain(api, draining=False) is None
    assert api.get("/api/v2/instruments/drained").json() == {}


def test_a_repeated_call_makes_no_second_task(api: TestClient) -> None:
    body = {"description": "count", "selector": True, "pipeline": "nuclei"}
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    first, again = (api.post("/api/v2/tasks", json=body, headers=headers).json() for _ in range(2))
    assert first == again
    assert len(api.get("/api/v2/tasks").json()["items"]) == 1
    other = api.post("/api/v2/tasks", json={**body, "order": 7}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_used")
    assert api.post("/api/v2/tasks", json=body).json()["id"] != first["id"]


def test_tasks_of_equal_order_stand_as_they_were_made(api: TestClient) -> None:
    made = [add_task(api, description=f"number {number}")["id"] for number in range(6)]
    draft = {"description": "changed", "selector": True, "pipeline": "cells"}
    assert api.put(f"/api/v2/tasks/{made[0]}", json=draft).status_code == 200
    assert [task["id"] for task in api.get("/api/v2/tasks").json()["items"]] == made


def test_a_closed_plate_gets_its_table_without_a_quiet_time(api: TestClient) -> None:
    """The usual quiet time is minutes."""
    add_task(api)
    (job_id,) = announce(api, "P9/A01_s1.tif", attributes={"plate": "P9", "well": "A01"})["jobs"]
    take(api, job_id, "fail", failure={"code": "x", "cause": "x", "next_step": "x", "retryable": True})
    (plate,) = api.get("/api/v2/plates").json()["items"]
    url = f"/api/v2/plates/{plate['id']}"
    time.sleep(1.2)
    assert api.get(url).json()["state"] == "arriving"
    assert api.post(f"{url}/close").status_code == 202
    end = time.monotonic() + 30
    while api.get(url).json()["state"] != "finished":
        assert time.monotonic() < end
        time.sleep(0.05)
    assert api.get(f"{url}/table.csv").status_code == 200
    assert api.post(f"/api/v2/plates/{'0' * 36}/close").status_code == 404
    told = api.get("/api/v2/summary").json()
    assert (sum(told["stages"].values()), told["instruments"][0]["jobs"]) == (1, 1)
    assert told["tables"]["stages"]["returning"] == 1
    tables = api.get("/api/v2/jobs", params={"kind": "table", "plate": "P9"}).json()["items"]
    assert [job["id"] for job in tables] == [api.get(url).json()["tasks"][0]["table_job"]]
