"""Two at once: whoever begins to work always finds its input, whatever retention decides meanwhile."""

import threading
import time
from pathlib import Path

import pytest

import labrelay.retention
from data_organizer.gateway.body import Body
from data_organizer.gateway.captures import Captures
from data_organizer.gateway.pushes import UNKNOWN, Pushes
from labrelay.contracts.captures import Announcement
from labrelay.contracts.jobs import Job
from labrelay.contracts.retention import Why
from labrelay.contracts.states import Stage
from labrelay.inputs import going_of, set_aside
from labrelay.layout import GatewayLayout
from labrelay.retention import Decisions
from task_launcher.attempts import prepare
from tests.file_receiver.doubles import sha256
from tests.retention.conftest import MakeLab
from tests.retention.lab import ME, Lab, only, stays

IMAGE = b"an image"
LAST = {"days": 0, "last_copy": True}


def test_a_retry_before_the_decision_keeps_the_input_and_goes_on(
    make_lab: MakeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = make_lab(inputs=LAST)
    capture = lab.completed("a.tif", IMAGE)

    def retried_meanwhile(path: Path) -> Path | None:
        going = set_aside(path)
        assert lab.repo.reprocess(lab.job(capture).id, ME).stage is Stage.AWAITING_INPUT
        return going

    monkeypatch.setattr(labrelay.retention, "set_aside", retried_meanwhile)
    assert stays(only(lab.inputs.run("test"), "inputs")) == {Why.UNFINISHED: 1}
    assert lab.job(capture).stage is Stage.READY
    assert lab.blob(IMAGE).exists()


def test_a_claim_finds_an_input_that_is_set_aside(make_lab: MakeLab, tmp_path: Path) -> None:
    lab = make_lab()
    job = lab.job(lab.completed("a.tif", IMAGE))
    lab.blob(IMAGE).rename(going_of(lab.blob(IMAGE)))
    (place,), _ = prepare(GatewayLayout(lab.layout.root.resolve()), job)
    assert place.read_bytes() == IMAGE


def test_a_push_of_what_is_just_being_deleted_is_laid_down_once_more(
    make_lab: MakeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = make_lab(pushes={"days": 0})
    lab.lay_down(IMAGE)
    pushes = Pushes(lab.settings, Captures(lab.repository))
    body = Body(lab.layout.pushes, lab.settings.storage)
    body.write(IMAGE)
    told = Announcement(
        instrument=lab.instrument, folder="p", path="a.tif", size=len(IMAGE), sha256=sha256(IMAGE), returns="none"
    )
    assert told.sha256 != UNKNOWN
    publish = body.publish
    laid: list[Path] = []

    def published(blob: Path) -> None:
        publish(blob)
        if not laid:  # retention decides between the bytes and their announcement
            assert only(lab.inputs.run("test"), "pushes").goes.count == 1
            assert not blob.exists()
        laid.append(blob)

    monkeypatch.setattr(body, "publish", published)
    accepted = pushes._stored(body, told)
    body.drop()
    assert len(laid) == 2
    assert lab.job(accepted.capture_id).stage is Stage.READY
    assert lab.blob(IMAGE).read_bytes() == IMAGE
    assert lab.blob(IMAGE).stat().st_nlink == 1


def test_a_repository_that_goes_away_before_its_word_leaves_the_input_where_it_was(
    make_lab: MakeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = make_lab(inputs=LAST)
    lab.completed("a.tif", IMAGE)
    retention = lab.inputs
    monkeypatch.setattr(Decisions, "let_go", lambda *_: lab.edge.get("/edge/v2/nothing-here"))
    assert retention.run("test").items[0].trouble
    assert lab.blob(IMAGE).exists()


def test_retries_and_deletions_at_once_leave_nobody_without_an_input(make_lab: MakeLab) -> None:
    lab = make_lab(inputs={"days": 0, "keep_failed": False})
    captures = [lab.completed(f"{number}.tif", bytes([number])) for number in range(4)]
    ends = time.monotonic() + 1.0
    deleting = threading.Thread(target=_delete_until, args=(lab, ends))
    deleting.start()
    while time.monotonic() < ends:
        for capture in captures:
            job = lab.job(capture)
            if job.final:
                lab.repo.reprocess(job.id, ME)
            elif job.stage is Stage.READY:
                assert _holds(lab, job), job.id
                lab.complete(job)
        lab.send_wanted()
    deleting.join()
    assert all(_holds(lab, job) for job in map(lab.job, captures) if job.stage is Stage.READY)


def _delete_until(lab: Lab, ends: float) -> None:
    while time.monotonic() < ends:
        lab.inputs.run("test")
        lab.vouch()


def _holds(lab: Lab, job: Job) -> bool:
    blob = lab.layout.input_blob(job.source.instrument, job.source.sha256)
    return any(path.exists() for path in (blob, going_of(blob), blob))
