"""The failure inbox: groups by cause, waivers with a reason, and what opens them anew; how fast work goes."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from job_repository.record.counters import JobGroupRow
from job_repository.record.groups import recount
from labrelay.contracts.failures import Failures, Throughput
from labrelay.contracts.filters import JobFilter
from tests.job_repository.actions.test_actions import fail
from tests.job_repository.conftest import add_task, announce, job_of, stored, take, until_claimed

NAMES = ("disk", "disk", "lens")


@pytest.fixture
def lab(api: TestClient) -> Iterator[dict[str, str]]:
    """Three failed jobs by two codes, a file that no task takes, and a job that waits for long."""
    task = add_task(api, {"in": ["take", {"var": "InputFile.Name"}]})
    failed = [fail(api, "take", number, code) for number, code in enumerate(NAMES)]
    loose = announce(api, "loose.tif", "e" * 64)["jobs"][0]
    slow = announce(api, "take-slow.tif", "d" * 64, instrument="reader2")["jobs"][0]
    take(api, slow, "overdue", reason="reader2 is silent")
    names = {f"failed{number}": job_id for number, job_id in enumerate(failed)}
    yield {**names, "loose": loose, "slow": slow, "task": task["id"]}
    counters_hold(api)


def counters_hold(api: TestClient) -> None:
    """What the projector counted step by step is what the rows say."""
    repository = api.app.state.repository  # type: ignore[attr-defined]
    repository.queries.catch_up()
    query = select(*JobGroupRow.__table__.c).where(JobGroupRow.jobs != 0).order_by(JobGroupRow.id)
    with repository.record.write() as connection:
        kept = [(*row[:-2], row.jobs) for row in connection.execute(query)]
        recount(connection)
        assert kept == [(*row[:-2], row.jobs) for row in connection.execute(query)]


def inbox(api: TestClient) -> Failures:
    answer = api.get("/api/v2/failures")
    assert answer.status_code == 200, answer.text
    return Failures.model_validate(answer.json())


def waive(api: TestClient, where: str, count: int, expect: int = 201, **more: Any) -> dict[str, Any]:
    wanted = {name: [value] for name, value in JobFilter.parse(where).pairs}
    body = {"filter": wanted, "reason": "lamp was off", "expected_count": count, "actor": "Ada", **more}
    answer = api.post("/api/v2/failures/waive", json=body)
    assert answer.status_code == expect, answer.text
    return dict(answer.json())


def test_what_needs_somebody_is_grouped_by_cause(api: TestClient, lab: dict[str, str]) -> None:
    told = inbox(api)
    assert told.open == 5
    found = {group.code: group for group in told.items}
    assert {code: (group.kind, group.count) for code, group in found.items()} == {
        "disk": ("failed", 2),
        "lens": ("failed", 1),
        "unmatched": ("unmatched", 1),
        "overdue": ("overdue", 1),
    }
    disk = found["disk"]
    assert (disk.title, disk.cause, disk.next_step, disk.fix) == ("Disk", "It stopped.", "Look.", "retry")
    assert [tile.id for tile in disk.sample] == [lab["failed1"], lab["failed0"]]
    assert disk.oldest_ns == job_of(api, lab["failed0"])["updated_ns"] < disk.newest_ns
    (part,) = disk.parts
    assert (part.task, part.pipeline, part.instrument, part.count) == (lab["task"], "nuclei", "reader1", 2)
    assert (found["unmatched"].fix, found["overdue"].fix) == ("edit_task", "instrument")
    assert found["overdue"].cause == "reader2 is silent"
    assert api.get("/api/v2/summary").json()["open"] == {"failed": 3, "unmatched": 1, "overdue": 1}


def test_a_group_says_which_filter_takes_its_jobs(api: TestClient, lab: dict[str, str]) -> None:
    for group in inbox(api).items:
        wanted = JobFilter.parse(group.where)
        page = api.get("/api/v2/jobs", params=[*wanted.pairs, ("facets", "true")]).json()
        assert (len(page["items"]), page["facets"]["total"]) == (group.count, group.count)


def test_a_waived_group_is_gone_until_its_job_fails_anew(api: TestClient, lab: dict[str, str]) -> None:
    waiver = waive(api, "code=disk", 2)
    assert (waiver["by"], waiver["reason"], waiver["jobs"], waiver["where"]) == ("Ada", "lamp was off", 2, "code=disk")
    told = inbox(api)
    assert (told.open, told.waived, [each.number for each in told.waivers]) == (3, 2, [waiver["number"]])
    assert "disk" not in {group.code for group in told.items}
    api.post(f"/api/v2/jobs/{lab['failed0']}/retry", json={"actor": "Ada"})
    assert inbox(api).waived == 1
    take(api, lab["failed0"], "fail", failure={"code": "disk", "cause": "x", "next_step": "y", "retryable": True})
    fail(api, "take", 9, "disk")
    assert next(group.count for group in inbox(api).items if group.code == "disk") == 2


def test_a_waiver_holds_while_a_person_only_edits(api: TestClient, lab: dict[str, str]) -> None:
    waive(api, "code=lens", 1)
    answer = api.put(f"/api/v1/job/{lab['failed2']}", json={"Verification": 1})
    assert answer.status_code == 200, answer.text
    assert inbox(api).waived == 1


def test_files_without_a_task_and_slow_jobs_are_waived_too(api: TestClient, lab: dict[str, str]) -> None:
    waive(api, "stage=unmatched", 1)
    waive(api, "overdue=yes", 1)
    assert {group.kind for group in inbox(api).items} == {"failed"}
    take(api, lab["slow"], "overdue", reason="still silent")
    assert [group.cause for group in inbox(api).items if group.kind == "overdue"] == ["still silent"]


def test_other_jobs_than_the_asker_saw_are_not_waived(api: TestClient, lab: dict[str, str]) -> None:
    refused = waive(api, "code=disk", 1, expect=409)
    assert (refused["code"], refused["count"]) == ("choice_changed", 2)
    waive(api, "code=disk", 2, expect=422, reason="")
    assert inbox(api).waived == 0
    waive(api, "code=disk", 2)
    waive(api, "code=disk", 2, expect=409)


def test_a_waiver_can_be_withdrawn(api: TestClient, lab: dict[str, str]) -> None:
    number = waive(api, "stage=failed", 3)["number"]
    assert api.delete(f"/api/v2/failures/waivers/{number}").json() == {"jobs": 3}
    assert (inbox(api).open, inbox(api).waived) == (5, 0)
    assert api.delete("/api/v2/failures/waivers/77").status_code == 404


def test_waivers_are_in_the_audit(api: TestClient, lab: dict[str, str]) -> None:
    number = waive(api, "code=disk", 2)["number"]
    api.delete(f"/api/v2/failures/waivers/{number}", headers={"X-Labrelay-Actor": "Otto"})
    told = api.get("/api/v2/audit/verify").json()
    assert told["intact"]
    kinds = [(each["kind"], each["actor"]) for each in api.get("/api/v2/audit").json()["items"]]
    assert ("failures_waived", "Ada") in kinds
    assert ("waiver_withdrawn", "Otto") in kinds


def test_what_came_and_ended_is_counted_by_the_minute(api: TestClient) -> None:
    began = time.time_ns()
    job_id = until_claimed(api)
    stored_only = announce(api, "b.tif", "b" * 64)
    stored(api, stored_only, "b" * 64)
    take(api, job_id, "fail", failure={"code": "disk", "cause": "x", "next_step": "y", "retryable": True})
    told = Throughput.model_validate(api.get("/api/v2/throughput", params={"minutes": 5}).json())
    assert [each.at_ns % (60 * 10**9) for each in told.minutes] == [0] * 5
    assert told.minutes[-1].at_ns <= time.time_ns()
    assert (told.arrived, told.ended, told.backlog) == (2, 1, 1)
    assert sum(each.arrived for each in told.minutes if each.at_ns + 60 * 10**9 > began) == 2
    assert told.clears_ns is None
