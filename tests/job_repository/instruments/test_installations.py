"""An instrument's name belongs to one installation of its side; another is told so, and may take over by a word."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from job_repository.app import create
from labrelay.installation import HEADER
from labrelay.settings import Settings
from tests.job_repository.conftest import announcement

FIRST, SECOND = {HEADER: "1" * 32}, {HEADER: "2" * 32}
QUESTIONS = (
    "/edge/v2/captures/ended?instrument=reader1",
    "/api/v2/captures/wanted?instrument=reader1",
    "/api/v2/owned?owner=file-sender-gateway&instrument=reader1",
)


def announce(api: TestClient, headers: dict[str, str], **more: Any) -> tuple[int, dict[str, Any]]:
    answer = api.post("/edge/v2/captures", json=announcement(**more), headers=headers)
    return answer.status_code, answer.json()


@pytest.fixture
def taken(api: TestClient) -> TestClient:
    assert announce(api, FIRST)[0] == 201
    return api


def test_the_second_of_a_name_is_refused_with_a_next_step_and_may_try_again(taken: TestClient) -> None:
    status, problem = announce(taken, SECOND, path="plate/B1.tif")
    assert (status, problem["code"], problem["retryable"]) == (409, "instrument_taken", True)
    assert "'reader1'" in problem["cause"]
    assert "labrelay replace" in problem["next_step"]
    assert taken.get("/api/v2/jobs").json()["items"][0]["source"]["path"] == "plate/A1.tif"


@pytest.mark.parametrize("question", QUESTIONS)
def test_it_hears_nothing_of_the_firsts_files(taken: TestClient, question: str) -> None:
    assert taken.get(question, headers=SECOND).json()["code"] == "instrument_taken"
    assert taken.get(question, headers=FIRST).status_code == 200


def test_other_names_and_callers_that_tell_none_are_let_through(taken: TestClient) -> None:
    assert announce(taken, SECOND, instrument="reader2")[0] == 201
    assert announce(taken, {}, path="plate/C1.tif")[0] == 201
    assert taken.get("/api/v2/owned?owner=file-sender-gateway").status_code == 200


def test_people_see_who_holds_a_name_and_who_was_turned_away(taken: TestClient) -> None:
    for _ in range(2):
        announce(taken, SECOND)
    holder = taken.get("/api/v2/instruments/installations").json()["reader1"]
    assert (holder["installation"], holder["turned_away"]) == ("1" * 32, ["2" * 32])


def test_a_replaced_pc_hands_its_name_on_and_the_audit_tells(taken: TestClient) -> None:
    assert announce(taken, SECOND)[0] == 409
    answer = taken.delete("/api/v2/instruments/reader1/installation", headers={"X-Labrelay-Actor": "Ada"})
    assert answer.status_code == 204
    assert announce(taken, SECOND, path="plate/B1.tif")[0] == 201
    assert announce(taken, FIRST, path="plate/C1.tif")[0] == 409
    record = taken.app.state.repository.record  # type: ignore[attr-defined]
    with record.read() as connection:
        acts = connection.exec_driver_sql("SELECT actor, subject FROM audit WHERE kind = 'instrument_released'").all()
    assert [tuple(act) for act in acts] == [("Ada", "reader1")]


def test_the_last_calls_of_a_replaced_pc_take_its_name_from_nobody(taken: TestClient) -> None:
    """They may have waited in a network that stood still, after the PC was switched off and its name given free."""
    assert taken.delete("/api/v2/instruments/reader1/installation").status_code == 204
    status, problem = announce(taken, FIRST, path="plate/B1.tif")
    assert (status, problem["code"]) == (409, "instrument_taken")
    assert announce(taken, SECOND, path="plate/B1.tif")[0] == 201


def test_a_name_that_was_given_free_by_mistake_is_taken_again_after_a_respite(
    taken: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert taken.delete("/api/v2/instruments/reader1/installation").status_code == 204
    monkeypatch.setattr(taken.app.state.repository.installations, "_now", lambda: 1e12)  # type: ignore[attr-defined]
    assert announce(taken, FIRST, path="plate/B1.tif")[0] == 201


def test_a_name_is_held_over_a_restart(taken: TestClient, settings: Settings) -> None:
    taken.app.state.repository.close()  # type: ignore[attr-defined]
    with TestClient(create(settings), client=("127.0.0.1", 40000)) as again:
        assert announce(again, SECOND)[0] == 409
        assert announce(again, FIRST, path="plate/B1.tif")[0] == 201
