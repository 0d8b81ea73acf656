"""What somebody finds who holds heads or receipts, what pruning leaves, and whose acts enter the chain."""

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from job_repository.record import audit
from job_repository.record.audit_pruning import prune
from job_repository.record.audit_verification import Verification, shown
from job_repository.record.store import Record
from job_repository.repository import Repository
from labrelay.contracts.audit import AuditHead, KeptReceipt, Witness
from labrelay.heads import Heads, kept_heads, newest_head
from labrelay.settings import Settings
from tests.job_repository.conftest import (
    SHA_A,
    SHA_B,
    SHA_OUT,
    add_task,
    announce,
    job_of,
    receipt,
    take,
    until_returning,
)
from tests.job_repository.test_record import sql


def repo_of(api: TestClient) -> Repository:
    repository: Repository = api.app.state.repository  # type: ignore[attr-defined]
    return repository


def verified(api: TestClient, *heads: AuditHead, receipts: tuple[KeptReceipt, ...] = ()) -> dict[str, Any]:
    body = Witness(heads=heads, receipts=receipts).model_dump(mode="json")
    answer = api.post("/api/v2/audit/verify", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def told_head(api: TestClient) -> AuditHead:
    """The head as the feed of ended captures carries it."""
    api.get("/api/v2/summary")
    page = api.get("/api/v2/captures/ended", params={"instrument": "reader1"}).json()
    return AuditHead.model_validate(page["head"])


def kinds(told: dict[str, Any]) -> list[str]:
    return [finding["kind"] for finding in told["findings"]]


def without_signed_head(settings: Settings) -> None:
    """Somebody who owns the whole gateway also changes what is signed there."""
    (settings.gateway_layout.secrets / "audit-head.json").unlink()


def test_a_witness_finds_what_the_gateway_itself_no_longer_can(api: TestClient, settings: Settings) -> None:
    for _ in range(2):
        add_task(api)
    early, record = told_head(api), settings.gateway_layout.record
    add_task(api)
    late = told_head(api)
    assert verified(api, early, late)["witnessed"] == 2
    copy = record.with_name("older.db")
    sql(settings, f"VACUUM INTO '{copy.as_posix()}'")
    older = Record(f"sqlite:///{copy.as_posix()}")
    with older.write() as connection:
        connection.exec_driver_sql("DELETE FROM audit WHERE number = 3")
        audit.append(connection, [audit.Act("task_created", "mallory", "x", {})] * 2)
    told = shown(Verification(older, None).verify(Witness(heads=(early, late))))
    assert (told["witnessed"], kinds(told), told["first_bad"]) == (1, ["witness_differs"], 3)
    with older.write() as connection:
        connection.exec_driver_sql("DELETE FROM audit WHERE number > 1")
    told = shown(Verification(older, None).verify(Witness(heads=(early, late))))
    assert (kinds(told), told["first_bad"]) == (["rolled_back", "rolled_back"], 2)
    older.close()


def test_a_head_that_nobody_signed_is_told(api: TestClient, settings: Settings) -> None:
    add_task(api)
    api.get("/api/v2/summary")
    without_signed_head(settings)
    assert kinds(verified(api)) == ["head_not_genuine"]


def test_receipts_are_compared_with_what_the_chain_says_of_their_jobs(api: TestClient) -> None:
    job_id = until_returning(api)
    take(api, job_id, "receive", receipt=receipt(job_of(api, job_id)))
    stranger = "00000000-0000-4000-8000-000000000000"
    good, other, unknown = (
        KeptReceipt(job_id=job, outputs=(sha256,))
        for job, sha256 in ((job_id, SHA_OUT), (job_id, SHA_B), (stranger, SHA_A))
    )
    assert verified(api, receipts=(good,))["witnessed"] == 1
    assert sorted(kinds(verified(api, receipts=(good, other, unknown)))) == ["receipt_differs", "receipt_unknown"]


def test_a_final_jobs_digests_are_in_the_chain(api: TestClient, settings: Settings) -> None:
    job_id = until_returning(api)
    take(api, job_id, "receive", receipt=receipt(job_of(api, job_id)))
    api.get("/api/v2/summary")
    ((body,),) = sql(settings, "SELECT body FROM audit WHERE kind = 'job_final'")
    assert (json.loads(body)["outputs"], json.loads(body)["input"]) == ([SHA_OUT], SHA_A)
    sql(settings, "DELETE FROM jobs")
    assert kinds(verified(api)) == ["job_missing"]


def test_acts_at_the_launcher_enter_the_chain(api: TestClient, settings: Settings) -> None:
    act = {"kind": "pipeline_paused", "actor": "ada", "subject": "nuclei", "body": {}}
    assert api.post("/api/v2/audit/acts", json=act).status_code == 204
    assert sql(settings, "SELECT kind, actor, subject FROM audit") == [("pipeline_paused", "ada", "nuclei")]
    assert api.post("/api/v2/audit/acts", json={"kind": "No such form"}).status_code == 422


def test_pruning_leaves_a_marker_and_what_stays_still_verifies(api: TestClient, settings: Settings) -> None:
    repo = repo_of(api)
    for number in range(3):
        announce(api, path=f"plate/{number}.tif", must_match=True)
    add_task(api)
    old = told_head(api)
    cut = time.time_ns()
    add_task(api)
    first = prune(repo.record, repo.audit, cut, "retention", limit=2)
    assert (first.rows, first.events) == (2, 2)
    while prune(repo.record, repo.audit, cut, "retention").rows:
        pass
    rows = sql(settings, "SELECT kind FROM audit ORDER BY number")
    assert sorted(kind for (kind,) in rows) == ["job_final"] * 3 + ["pruned"] * 2 + ["task_created"]
    assert sql(settings, "SELECT count(*) FROM job_events") == [(0,)]
    told = verified(api, old, told_head(api))
    assert (told["intact"], told["witnessed"], told["unconfirmed"], told["pruned_through"]) == (True, 1, 1, 4), told
    sql(settings, "UPDATE jobs SET doc = replace(doc, 'plate/1', 'plate/x')")
    assert kinds(verified(api)) == ["job_changed"]


@pytest.mark.parametrize(
    "tampering",
    [
        "DELETE FROM audit WHERE number = (SELECT min(number) FROM audit)",
        "UPDATE audit SET body = replace(body, 'through\":2', 'through\":1') WHERE kind = 'pruned'",
        "DELETE FROM audit WHERE kind = 'pruned'",
    ],
)
def test_a_pruning_hides_nothing_else(api: TestClient, settings: Settings, tampering: str) -> None:
    for _ in range(2):
        add_task(api)
    repo, cut = repo_of(api), time.time_ns()
    for _ in range(2):
        add_task(api)
    assert prune(repo.record, repo.audit, cut, "retention").rows == 2
    assert verified(api)["intact"]
    sql(settings, tampering)
    assert not verified(api)["intact"]


def test_a_marker_of_a_strangers_hand_is_found(api: TestClient, settings: Settings, tmp_path: Path) -> None:
    for _ in range(3):
        add_task(api)
    stranger = audit.Audit(repo_of(api).record, tmp_path / "other-secrets")
    shutil.copytree(settings.gateway_layout.secrets, tmp_path / "kept")
    prune(repo_of(api).record, stranger, time.time_ns(), "mallory")
    add_task(api)
    assert "marker_not_genuine" in kinds(verified(api))


def test_an_oem_side_keeps_heads_and_those_before_a_fall(settings: Settings) -> None:
    layout = settings.oem_layout
    heads = Heads(layout)
    one, two, other = (AuditHead(number=n, hash=h * 64, signature="0" * 64) for n, h in ((1, "a"), (9, "b"), (4, "c")))
    for head in (one, None, two, two, other):
        heads.keep(head)
    assert newest_head(layout.heads) == other
    with (layout.heads / "history.jsonl").open("a") as stream:
        stream.write('{"torn')
    assert kept_heads(layout.heads) == [one, other, two]
    Heads(layout).keep(other)
    assert kept_heads(layout.heads) == [one, other, two]


def test_the_trail_is_read_newest_first_and_by_what_was_done(api: TestClient) -> None:
    task = add_task(api)
    api.put("/api/v2/instruments/reader1/pause", json={"paused": True, "reason": "tea", "by": "Ada"})
    told = api.get("/api/v2/audit", params={"limit": 2}).json()
    numbers = [each["number"] for each in told["items"]]
    assert numbers == sorted(numbers, reverse=True)
    (pause,) = api.get("/api/v2/audit", params={"actor": "Ada"}).json()["items"]
    assert (pause["kind"], pause["subject"], pause["body"]["reason"]) == ("instrument_paused", "reader1", "tea")
    made = api.get("/api/v2/audit", params={"subject": task["id"], "people": True}).json()["items"]
    assert [each["kind"] for each in made] == ["task_created"]
    first = api.get("/api/v2/audit", params={"before": 2}).json()
    assert [each["number"] for each in first["items"]] == [1]
    assert first["next"] is None
