"""`labrelay retention`: what would go, why the rest stays, and doing it; the record's own rule; full disks aloud."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from job_repository.retention.clearing import RecordClearing
from labrelay import room
from labrelay.cli import app
from labrelay.contracts.retention import WORDS, Why
from labrelay.errors import StorageFull
from labrelay.settings import Settings
from labrelay.settings.retention import AgeRule
from tests.polling import until
from tests.retention.conftest import MakeLab
from tests.retention.lab import Lab, stays


def labrelay(lab: Lab, tmp_path: Path, *arguments: str) -> tuple[int, str]:
    config = tmp_path / "labrelay.json"
    config.write_text(lab.settings.model_dump_json())
    answer = CliRunner().invoke(app, ["retention", *arguments, "--config", str(config)])
    return answer.exit_code, answer.stdout


def test_the_command_shows_what_would_go_and_why_the_rest_stays(make_lab: MakeLab, tmp_path: Path) -> None:
    lab = make_lab()
    lab.completed("a.tif", b"an image")

    def told() -> dict[str, Any]:
        code, text = labrelay(lab, tmp_path, "--dry-run", "--json")
        assert code == 0
        return {report["part"]: report for report in json.loads(text)}

    until(lambda: told()["record"]["stays"].get("no_rule"), "the job in the record")
    assert set(told()) == {"record"}  # what runs here on a port of its own
    code, text = labrelay(lab, tmp_path)
    assert (code, "would go" in text, WORDS[Why.NO_RULE] in text) == (0, True, True)


def test_running_and_not_running_at_once_makes_no_sense(make_lab: MakeLab, tmp_path: Path) -> None:
    assert labrelay(make_lab(), tmp_path, "--dry-run", "--run")[0] == 2


def test_nothing_that_runs_is_said_with_a_status_of_its_own(settings: Settings, tmp_path: Path) -> None:
    config = tmp_path / "labrelay.json"
    config.write_text(settings.model_dump_json())
    answer = CliRunner().invoke(app, ["retention", "--config", str(config)])
    assert "Nothing runs here" in str(answer.exception)


def test_steps_of_ended_jobs_leave_the_record_and_its_audit_stays_whole(make_lab: MakeLab) -> None:
    lab = make_lab()
    capture = lab.completed("a.tif", b"an image")
    open_one = lab.write("b.tif", b"another")
    lab.repo.queries.catch_up()
    clearing = RecordClearing(AgeRule(days=0), lab.repo.record, lab.repo.audit)
    before = clearing.look()
    assert before.goes.count >= len(lab.repo.queries.timeline(lab.job(capture).id)) > 0
    assert clearing.run("test").goes.count == before.goes.count
    assert lab.repo.queries.timeline(lab.job(capture).id) == []
    assert lab.repo.queries.timeline(lab.job(open_one).id)
    assert "pruned" in lab.audited()


def test_every_reason_has_words() -> None:
    assert set(WORDS) == set(Why)


def test_a_full_disk_of_the_record_refuses_captures_and_is_told(
    make_lab: MakeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = make_lab()
    monkeypatch.setattr(room, "usage", lambda folder: (0.99, 1000))
    with pytest.raises(StorageFull, match=r"The (record|live store)'s disk is 99% full"):
        lab.write("a.tif", b"an image")
    (disk, *_) = lab.repository.get("/api/v2/summary")["disks"]
    assert (disk["name"], disk["level"]) == ("the gateway's disk", "full")
    assert "99% full" in lab.repository.get("/readyz")["warning"]
    monkeypatch.undo()
    lab.write("a.tif", b"an image")
    assert stays(lab.inputs.look().items[0]) == {}
