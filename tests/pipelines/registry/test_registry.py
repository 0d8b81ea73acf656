"""The list of pipelines in AiCSD's form, and who is alive."""

from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from labrelay.settings import Settings
from pipelines.registry.app import create
from pipelines.registry.roster import ALIVE_S, FORGOTTEN_S, Roster

BEAT = {"worker": "pc-1", "name": "Cells", "description": "Counts cells"}


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def client() -> TestClient:
    return TestClient(create(Settings()))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def roster(clock: Clock) -> Roster:
    return Roster(clock)


def test_list_has_aicsds_members_in_lower_camel_case(client: TestClient) -> None:
    pipelines = client.get("/api/v1/pipelines").json()
    assert all(set(each) == {"id", "name", "description", "subscriptionTopic", "status"} for each in pipelines)
    topics = {each["subscriptionTopic"] for each in pipelines}
    assert topics == {"nuclei", "cells", "only-file", "multi-file", "only-results", "file-and-results"}


def test_ids_are_the_same_at_every_call_and_in_every_process(client: TestClient) -> None:
    first, second = (client.get("/api/v1/pipelines").json() for _ in range(2))
    anew = TestClient(create(Settings())).get("/api/v1/pipelines").json()
    assert [each["id"] for each in first] == [each["id"] for each in second] == [each["id"] for each in anew]
    assert all(UUID(each["id"]).version == 5 for each in first)


def test_a_heartbeat_makes_a_pipeline_known_and_alive(client: TestClient) -> None:
    assert client.post("/api/v2/pipelines/ovms/cells/heartbeat", json=BEAT).status_code == 200
    listed = {each["subscriptionTopic"]: each for each in client.get("/api/v1/pipelines").json()}
    assert listed["ovms/cells"]["status"] == "alive"
    assert listed["ovms/cells"]["name"] == "Cells"
    assert listed["nuclei"]["status"] == "silent"
    items = {each["topic"]: each for each in client.get("/api/v2/pipelines").json()["items"]}
    assert [each["worker"] for each in items["ovms/cells"]["workers"]] == ["pc-1"]


@pytest.mark.parametrize("topic", ["..%2Fx", "-a", "a%20b", "x" * 200])
def test_a_heartbeat_for_a_name_that_is_no_topic_is_refused(client: TestClient, topic: str) -> None:
    assert client.post(f"/api/v2/pipelines/{topic}/heartbeat", json=BEAT).status_code == 422


def test_a_heartbeat_without_a_worker_is_refused(client: TestClient) -> None:
    assert client.post("/api/v2/pipelines/nuclei/heartbeat", json={"name": "x"}).status_code == 422


def test_a_page_of_another_site_may_not_send_heartbeats(client: TestClient) -> None:
    foreign = {"Origin": "https://elsewhere.example"}
    assert client.post("/api/v2/pipelines/nuclei/heartbeat", json=BEAT, headers=foreign).status_code == 403


def test_a_pipeline_falls_silent_when_its_last_worker_does(roster: Roster, clock: Clock) -> None:
    roster.hear("nuclei", "pc-1", "Nuclei", "")
    clock.now += ALIVE_S - 1
    roster.hear("nuclei", "pc-2", "Nuclei", "")
    clock.now += ALIVE_S
    assert _alive(roster) == {"nuclei"}
    clock.now += 1
    assert _alive(roster) == set()


def test_a_stranger_is_forgotten_after_a_day_and_a_shipped_pipeline_never(roster: Roster, clock: Clock) -> None:
    roster.hear("spheroids", "pc-1", "Spheroids", "")
    roster.hear("nuclei", "pc-1", "", "")
    clock.now += FORGOTTEN_S + 1
    present = {each.topic: each for each in roster.present()}
    assert "spheroids" not in present
    assert present["nuclei"].workers == {}
    assert present["nuclei"].name == "Nuclei"


def _alive(roster: Roster) -> set[str]:
    return {each.topic for each in roster.present() if each.alive}
