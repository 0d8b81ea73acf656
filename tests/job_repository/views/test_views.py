"""Views: kept by name for everybody, refused where they would mean anything, and every change in the audit."""

import sqlite3
from typing import Any

import pytest
from fastapi.testclient import TestClient

from labrelay.settings import Settings


@pytest.fixture
def settings(home: Settings) -> Settings:
    return home


@pytest.fixture
def api(shared: TestClient) -> TestClient:
    for view in shared.get("/api/v2/views").json()["items"]:
        shared.delete(f"/api/v2/views/{view['id']}")
    return shared


def keep(api: TestClient, name: str, expect: int = 201, **wanted: Any) -> dict[str, Any]:
    answer = api.post("/api/v2/views", json={"name": name, "filter": wanted, "actor": "Ada"})
    assert answer.status_code == expect, answer.text
    return dict(answer.json())


def names(api: TestClient) -> list[str]:
    return [view["name"] for view in api.get("/api/v2/views").json()["items"]]


def acts(settings: Settings) -> list[tuple[str, str, str]]:
    record = sqlite3.connect(settings.record_url.removeprefix("sqlite:///"))
    try:
        found = record.execute("SELECT kind, actor, body FROM audit WHERE kind LIKE 'view_%' ORDER BY number")
        return list(found.fetchall())
    finally:
        record.close()


def test_a_view_is_kept_as_the_command_line_writes_it_and_its_span_moves_with_the_time(api: TestClient) -> None:
    kept = keep(api, " Failed at night ", stage=["failed"], plate=["P 7"], since="12h")
    assert (kept["name"], kept["where"], kept["created_by"]) == (
        "Failed at night",
        "stage=failed 'plate=P 7' since=12h",
        "Ada",
    )
    assert api.get("/api/v2/views").json()["items"] == [kept]


def test_views_come_by_name_letter_case_aside(api: TestClient) -> None:
    for name in ("beta", "Alpha", "Gamma"):
        keep(api, name, stage=["failed"])
    assert names(api) == ["Alpha", "beta", "Gamma"]


def test_the_same_once_more_changes_nothing_and_another_of_the_name_is_refused(api: TestClient) -> None:
    kept = keep(api, "mine", stage=["failed"])
    assert keep(api, "mine", stage=["failed"])["id"] == kept["id"]
    assert keep(api, "Mine", 409, stage=["ready"])["code"] == "view_taken"
    assert names(api) == ["mine"]


def test_a_view_of_every_job_is_refused(api: TestClient) -> None:
    assert keep(api, "all", 422)["code"] == "filter_invalid"


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\nb"])
def test_a_name_is_one_line(api: TestClient, name: str) -> None:
    keep(api, name, 422, stage=["failed"])


def test_there_is_a_bound(api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("job_repository.views.store.MOST_VIEWS", 3)
    for number in range(3):
        keep(api, f"v{number}", stage=["failed"])
    assert keep(api, "one more", 422, stage=["failed"])["code"] == "too_many_views"


def test_keeping_and_removing_enter_the_audit(api: TestClient, settings: Settings) -> None:
    before = len(acts(settings))
    kept = keep(api, "night", stage=["failed"])
    assert api.delete(f"/api/v2/views/{kept['id']}", headers={"X-Labrelay-Actor": "Bea"}).status_code == 204
    assert names(api) == []
    body = '{"name":"night","where":"stage=failed"}'
    assert acts(settings)[before:] == [("view_kept", "Ada", body), ("view_removed", "Bea", body)]
    assert api.get("/api/v2/audit/verify").json()["intact"]


def test_removing_one_that_is_not_there_says_so(api: TestClient) -> None:
    answer = api.delete("/api/v2/views/00000000-0000-0000-0000-000000000000")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
