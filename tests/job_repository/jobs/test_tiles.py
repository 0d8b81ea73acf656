"""Tiles: what a row or a well shows of a job, many in one answer, and with the events that change them."""

import asyncio
import json
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from job_repository.events import stream
from labrelay.contracts.tiles import MOST_TILES, Tile
from tests.job_repository.actions.test_actions import FAILURE
from tests.job_repository.conftest import add_task, announce, report, stored, take

WHERE = {"plate": "P7", "well": "b-3", "field": 2}


@pytest.fixture(scope="module")
def counted(shared: TestClient) -> str:
    """A job of a well, whose pipeline counted 598 cells and had a doubt."""
    add_task(shared, description="count nuclei")
    capture = announce(shared, "P7/B03_s2.tif", attributes=WHERE)
    stored(shared, capture)
    job_id: str = capture["jobs"][0]
    take(shared, job_id, "launch")
    take(shared, job_id, "claim", worker="w1", lease_s=15)
    told = {**report(outputs=False), "qc_flags": "out_of_focus, debris"}
    take(shared, job_id, "report", attempt=1, report=told)
    take(shared, job_id, "finish", attempt=1, status="PipelineComplete")
    shared.get("/api/v2/summary")
    return job_id


def tiles(api: TestClient, *ids: str) -> list[dict[str, Any]]:
    answer = api.get("/api/v2/jobs/tiles", params={"ids": ",".join(ids)})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def test_a_tile_says_what_a_well_shows(shared: TestClient, counted: str) -> None:
    (tile,) = tiles(shared, counted)
    plate = shared.get("/api/v2/plates").json()["items"][0]["id"]
    job = shared.get(f"/api/v2/jobs/{counted}").json()
    assert tile == {
        "id": counted,
        "seq": 6,
        "stage": "complete",
        "instrument": "reader1",
        "folder": "input",
        "path": "P7/B03_s2.tif",
        "name": "B03_s2.tif",
        "task": "count nuclei",
        "pipeline": "nuclei",
        "plate": plate,
        "plate_name": "P7",
        "well": "B03",
        "site": "2",
        "result": "CellCount, 598",
        "count": 598,
        "flags": ["out_of_focus", "debris"],
        "code": "",
        "cause": "",
        "created_ns": job["created_ns"],
        "updated_ns": job["updated_ns"],
        "final": True,
        "accepted": False,
    }


def test_tiles_come_in_the_order_asked_for_and_unknown_ids_are_left_out(shared: TestClient, counted: str) -> None:
    failed = announce(shared, "loose.tif", "b" * 64)["jobs"][0]
    take(shared, failed, "fail", failure=FAILURE)
    shared.get("/api/v2/summary")
    loose, _ = found = tiles(shared, failed, str(UUID(int=1)), counted, failed)
    assert [tile["id"] for tile in found] == [failed, counted]
    assert (loose["plate"], loose["well"], loose["count"]) == ("", "", None)
    assert (loose["code"], loose["cause"]) == (FAILURE["code"], FAILURE["cause"])


def test_a_failure_that_somebody_accepted_says_so_until_that_is_withdrawn(shared: TestClient) -> None:
    failed = announce(shared, "accepted.tif", "d" * 64)["jobs"][0]
    take(shared, failed, "fail", failure=FAILURE)
    asked = {"filter": {"path": ["accepted.tif"]}, "reason": "the reader lost the network", "expected_count": 1}
    waiver = shared.post("/api/v2/failures/waive", json=asked).json()
    assert tiles(shared, failed)[0]["accepted"] is True
    listed = shared.get("/api/v2/plates/unplated").json()["items"]
    assert next(each for each in listed if each["id"] == failed)["accepted"] is True
    shared.delete(f"/api/v2/failures/waivers/{waiver['number']}").raise_for_status()
    assert tiles(shared, failed)[0]["accepted"] is False


def test_as_many_as_a_call_takes_fit_into_an_address(shared: TestClient, counted: str) -> None:
    ids = [str(UUID(int=number)) for number in range(MOST_TILES - 1)]
    assert [tile["id"] for tile in tiles(shared, *ids, counted)] == [counted]


@pytest.mark.parametrize("ids", ["", "x", f"{UUID(int=1)},", ",".join([str(UUID(int=1))] * (MOST_TILES + 1))])
def test_what_are_no_ids_is_refused(shared: TestClient, ids: str) -> None:
    assert shared.get("/api/v2/jobs/tiles", params={"ids": ids}).status_code in (414, 422)


def test_events_bring_the_tile_of_each_job_once(shared: TestClient, counted: str) -> None:
    events = first_events(shared, 6, tiles=True)
    told = [event for event in events if event["job_id"] == counted]
    assert [Tile.model_validate(event["tile"]).stage for event in told if "tile" in event] == ["complete"]
    assert "tile" in told[-1]
    assert not any("tile" in event for event in first_events(shared, 6))


def first_events(api: TestClient, count: int, **options: Any) -> list[dict[str, Any]]:
    async def read() -> list[str]:
        lines = stream(api.app.state.repository, 0, **options)  # type: ignore[attr-defined]
        return [line async for line, _ in _counted(lines, count + 1)]

    return [json.loads(text.partition("data: ")[2]) for text in asyncio.run(read())[1:]]


async def _counted(lines: Any, count: int) -> Any:
    for number in range(count):
        yield await anext(lines), number
