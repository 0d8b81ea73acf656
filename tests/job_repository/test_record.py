"""The record: migrations, projecting twice, lists, timeline, audit."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from fastapi.testclient import TestClient
from sqlalchemy import insert, select, text

from job_repository.jobs.steps import Created
from job_repository.live.stored import LiveEvent
from job_repository.plates.identity import plate_of
from job_repository.plates.store import PlateStore
from job_repository.record.models import Base, JobRow
from job_repository.record.projection import Entry, _job_row, apply_events
from job_repository.record.store import MIGRATIONS, Record
from labrelay.contracts.states import Stage
from labrelay.settings import Settings
from tests.job_repository.conftest import add_task, announce, job_of, stored, until_claimed
from tests.job_repository.jobs.test_state_machine import fresh_job
from tests.job_repository.plates.test_plate_tables import measured

LATER = ("plate", "task_id", "plate_name", "revision", "well")
"""Columns of jobs that came after the third version of the tables."""
TABLES = ("captures", "capture_ends", "jobs", "job_events", "audit", "meta")


@pytest.fixture
def record(tmp_path: Path) -> Any:
    store = Record(f"sqlite:///{(tmp_path / 'own' / 'record.db').as_posix()}")
    store.open()
    yield store
    store.close()


def content(record: Record) -> dict[str, list[Any]]:
    with record.read() as connection:
        return {table: list(connection.execute(text(f"SELECT * FROM {table}"))) for table in TABLES}  # noqa: S608


def here(_: object, name: str | None, *__: object) -> bool:
    """Whether SQLite has it too: this index is PostgreSQL's, in place of one that it can't have."""
    return name != "jobs_well_only"


def test_migrations_make_the_tables_of_the_models(record: Record) -> None:
    with record.read() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": here})
        assert compare_metadata(context, Base.metadata) == []


def test_jobs_of_the_time_before_plates_belong_to_theirs(tmp_path: Path) -> None:
    record = Record(f"sqlite:///{(tmp_path / 'record.db').as_posix()}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    jobs = [measured(number, count=1) for number in (1, 2)]
    rows = [_job_row(Entry(job.revision, job.model_dump_json(), job, {})) for job in jobs]
    with record.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        for number, (job, row) in enumerate(zip(jobs, rows, strict=True), 1):
            old = {name: value for name, value in row.items() if name not in LATER}
            connection.execute(insert(JobRow), {**old, "id": job.id, "number": number, "seq": 10 + number})
        unread = {**old, "id": "x", "number": 3, "seq": 13, "doc": "{}"}
        connection.execute(insert(JobRow), unread)
    record.open()
    plate, store = plate_of(jobs[0]), PlateStore(record)
    assert plate
    assert (store.get(plate.id).covered, store.uncovered()) == (12, [])
    assert store.tallies([plate.id])[plate.id]["t"].stages == {Stage.COMPLETE: 2}
    with record.read() as connection:
        assert list(connection.scalars(select(JobRow.well).order_by(JobRow.number))) == ["A01", "A01", ""]
    record.close()


def test_events_projected_twice_give_the_same_record(record: Record) -> None:
    job = fresh_job()
    step = Created(epoch=3).model_dump_json()
    events = [LiveEvent(1, job.model_dump_json(), step)]
    with record.write() as connection:
        apply_events(connection, events)
    once = content(record)
    with record.write() as connection:
        assert apply_events(connection, events).position == 1
    assert content(record) == once


def test_jobs_are_listed_newest_first_page_by_page(api: TestClient) -> None:
    add_task(api)
    for number in range(5):
        announce(api, path=f"plate/{number}.tif")
    first = api.get("/api/v2/jobs", params={"limit": 3}).json()
    rest = api.get("/api/v2/jobs", params={"limit": 3, "after": first["next"]}).json()
    paths = [job["source"]["path"] for job in first["items"] + rest["items"]]
    assert (paths, rest["next"]) == ([f"plate/{number}.tif" for number in (4, 3, 2, 1, 0)], None)


def test_lists_are_filtered(api: TestClient) -> None:
    add_task(api, {"in": ["A1", {"var": "InputFile.Name"}]})
    taken, left = announce(api), announce(api, path="other/B1.tif", instrument="reader2")
    queries = {"stage": "unmatched", "status": "NoPipelineFound", "instrument": "reader2", "path": "B1"}
    for name, value in {**queries, "capture_id": left["capture_id"]}.items():
        items = api.get("/api/v2/jobs", params={name: value}).json()["items"]
        assert [job["id"] for job in items] == left["jobs"], name
    items = api.get("/api/v2/jobs", params={"pipeline": "nuclei"}).json()["items"]
    assert [job["id"] for job in items] == taken["jobs"]


def test_a_strange_cursor_is_refused(api: TestClient) -> None:
    assert api.get("/api/v2/jobs", params={"after": "%%%"}).status_code == 400


def test_the_timeline_tells_every_step(api: TestClient) -> None:
    job_id = until_claimed(api)
    events = api.get(f"/api/v2/jobs/{job_id}/timeline").json()["events"]
    assert [event["step"] for event in events] == ["created", "input_stored", "launch", "claim"]
    assert (events[-1]["attempt"], events[-1]["detail"]["worker"]) == (1, "w1")


def test_the_summary_counts(api: TestClient) -> None:
    announce(api, path="plate/y.tif")
    announce(api, path="plate/x.tif", must_match=True)
    until_claimed(api)
    told = api.get("/api/v2/summary").json()
    assert told["failures"] == {"unmatched": 1}
    assert (told["stages"]["failed"], told["stages"]["processing"], told["stages"]["complete"]) == (1, 1, 0)
    assert told["instruments"][0]["jobs"] == 3


def test_a_read_tells_the_revision(api: TestClient) -> None:
    job_id = until_claimed(api)
    answer = api.get(f"/api/v2/jobs/{job_id}")
    assert answer.headers["ETag"] == f'"{answer.json()["revision"]}"'
    assert api.get("/api/v2/jobs/none").json()["code"] == "not_found"


def test_the_audit_knows_acts_and_ends(api: TestClient, settings: Settings) -> None:
    job_id = until_claimed(api)
    api.post(f"/api/v2/jobs/{job_id}/cancel", json={"actor": "ada", "reason": "wrong plate"})
    api.get("/api/v2/summary")
    rows = sql(settings, "SELECT kind, actor, subject, body FROM audit ORDER BY number")
    assert [row[0] for row in rows] == ["task_created", "cancel", "job_final"]
    assert (rows[1][1], rows[1][2], json.loads(rows[1][3])["reason"]) == ("ada", job_id, "wrong plate")
    told = verdict(api)
    assert (told["rows"], told["intact"], told["first_bad"], told["findings"]) == (3, True, None, [])


def sql(settings: Settings, statement: str) -> list[Any]:
    connection = sqlite3.connect(settings.gateway_layout.record, timeout=10)
    try:
        with connection:
            return connection.execute(statement).fetchall()
    finally:
        connection.close()


def verdict(api: TestClient) -> dict[str, Any]:
    return dict(api.get("/api/v2/audit/verify").json())


@pytest.mark.parametrize(
    ("tampering", "first_bad"),
    [
        ("UPDATE audit SET actor = 'nobody' WHERE number = 2", 2),
        ("DELETE FROM audit WHERE number = 2", 2),
        ("DELETE FROM audit WHERE number >= 3", 3),
        ("DELETE FROM audit", 1),
        ("UPDATE jobs SET doc = replace(doc, 'plate', 'other')", 2),
    ],
)
def test_tampering_is_found(api: TestClient, settings: Settings, tampering: str, first_bad: int) -> None:
    add_task(api)
    for number in range(3):
        announce(api, path=f"plate/{number}.tif", must_match=True)
        api.get("/api/v2/summary")
    for task in api.get("/api/v2/tasks").json()["items"]:
        api.delete(f"/api/v2/tasks/{task['id']}")
    announce(api, path="plate/gone.tif")
    announce(api, path="plate/gone2.tif")
    api.get("/api/v2/summary")
    assert verdict(api)["intact"]
    sql(settings, tampering)
    found = verdict(api)
    assert not found["intact"]
    assert found["first_bad"] in (first_bad, first_bad + 1)


def test_a_cut_chain_stays_found_after_it_goes_on(api: TestClient, settings: Settings) -> None:
    add_task(api)
    add_task(api)
    sql(settings, "DELETE FROM audit WHERE number = 2")
    add_task(api)
    add_task(api)
    assert not verdict(api)["intact"]


def test_tasks_keep_their_versions(api: TestClient) -> None:
    task = add_task(api)
    draft = {name: value for name, value in task.items() if name not in ("id", "version", "updated_ns")}
    url = f"/api/v2/tasks/{task['id']}"
    assert api.put(url, json=draft).json()["version"] == 1
    assert api.put(url, json={**draft, "order": 7}, headers={"If-Match": '"1"'}).json()["version"] == 2
    stale = api.put(url, json={**draft, "order": 8}, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (409, "task_changed")
    assert [each["version"] for each in api.get(f"{url}/versions").json()["items"]] == [1, 2]
    assert api.delete(url).status_code == 204
    assert api.get(url).status_code == 404
    assert api.get("/api/v2/tasks").json()["items"] == []


def test_a_retry_takes_the_captures_end_back(api: TestClient) -> None:
    add_task(api)
    capture = announce(api)
    job_id = capture["jobs"][0]
    api.post(f"/api/v2/jobs/{job_id}/cancel")
    feed: dict[str, str | int] = {"instrument": "reader1", "wait": 5}
    first = api.get("/api/v2/captures/ended", params=feed).json()
    api.post(f"/api/v2/jobs/{job_id}/retry")
    api.get("/api/v2/summary")
    assert api.get("/api/v2/captures/ended", params={**feed, "wait": 0}).json()["ended"] == []
    stored(api, capture)
    api.post(f"/api/v2/jobs/{job_id}/cancel")
    again = api.get("/api/v2/captures/ended", params={**feed, "after": first["next"]}).json()
    assert again["ended"] == [capture["capture_id"]]
    assert again["next"] > first["next"]
    assert job_of(api, job_id)["stage"] == "cancelled"
