"""Inputs on the gateway go only while another verified copy stands, or where the rule says that the last may go."""

import pytest

from job_repository.jobs.conflicts import InputGone
from labrelay.contracts.jobs import Failure
from labrelay.contracts.retention import Why
from labrelay.contracts.states import Owner, Stage
from labrelay.contracts.transitions import FailJob
from tests.retention.conftest import MakeLab
from tests.retention.lab import ME, only, stays

IMAGE, OTHER = b"an image", b"another image"
AT_ONCE = {"days": 0}
FAILURE = Failure(code="x", cause="x", next_step="x", retryable=True, owner=Owner.TASK_LAUNCHER)


def test_nothing_is_deleted_without_a_rule(make_lab: MakeLab) -> None:
    lab = make_lab()
    lab.completed("a.tif", IMAGE)
    for reports in (lab.inputs.look(), lab.inputs.run("test")):
        assert stays(only(reports, "inputs")) == {Why.NO_RULE: 1}
    assert lab.blob(IMAGE).exists()


def test_an_input_goes_when_the_instrument_has_just_read_its_own_copy(make_lab: MakeLab) -> None:
    lab = make_lab(inputs=AT_ONCE)
    lab.completed("a.tif", IMAGE)
    assert stays(only(lab.inputs.run("test"), "inputs")) == {Why.ASKED: 1}
    assert lab.blob(IMAGE).exists()
    lab.vouch()
    assert not lab.blob(IMAGE).exists()
    assert (lab.folder / "a.tif").read_bytes() == IMAGE
    assert [act for act in lab.audited() if act.startswith("retention_")][-2:] == [
        "retention_released",
        "retention_deleted",
    ]


def test_an_input_stays_when_the_instrument_no_longer_has_it(make_lab: MakeLab) -> None:
    lab = make_lab(inputs=AT_ONCE)
    lab.completed("a.tif", IMAGE)
    (lab.folder / "a.tif").write_bytes(OTHER)
    lab.inputs.run("test")
    lab.vouch()
    assert stays(only(lab.inputs.run("test"), "inputs")) == {Why.LAST_COPY: 1}
    assert lab.blob(IMAGE).exists()


def test_a_dry_run_says_what_would_go_and_deletes_nothing(make_lab: MakeLab) -> None:
    lab = make_lab(inputs={"days": 0, "last_copy": True})
    lab.completed("a.tif", IMAGE)
    lab.write("b.tif", OTHER)
    lab.send_wanted()
    report = only(lab.inputs.look(), "inputs")
    assert (report.dry, report.goes.count, report.goes.bytes) == (True, 1, len(IMAGE))
    assert stays(report) == {Why.UNFINISHED: 1}
    assert lab.blob(IMAGE).exists()


def test_young_and_failed_and_unreviewed_ones_stay(make_lab: MakeLab) -> None:
    lab = make_lab(inputs={"days": 0, "last_copy": True, "keep_unreviewed": True})
    lab.completed("a.tif", IMAGE)
    capture = lab.write("b.tif", OTHER)
    lab.send_wanted()
    job = lab.job(capture)
    lab.repo.jobs.step(job.id, FailJob(epoch=job.epoch, failure=FAILURE))
    assert stays(only(lab.inputs.run("test"), "inputs")) == {Why.UNREVIEWED: 1, Why.FAILED: 1}


def test_a_content_of_two_captures_stays_while_one_of_them_needs_it(make_lab: MakeLab) -> None:
    lab = make_lab(inputs={"days": 0, "last_copy": True})
    lab.completed("a.tif", IMAGE)
    second = lab.write("b.tif", IMAGE)
    assert lab.job(second).stage is Stage.READY
    assert stays(only(lab.inputs.run("test"), "inputs")) == {Why.UNFINISHED: 1}
    lab.complete(lab.job(second))
    assert only(lab.inputs.run("test"), "inputs").goes.count == 1


def test_a_reprocess_after_the_deletion_asks_the_instrument_again_and_says_so(make_lab: MakeLab) -> None:
    lab = make_lab(inputs=AT_ONCE)
    capture = lab.completed("a.tif", IMAGE)
    lab.inputs.run("test")
    lab.vouch()
    job = lab.repo.reprocess(lab.job(capture).id, ME)
    assert job.stage is Stage.AWAITING_INPUT
    assert "deleted its copy" in job.overdue
    lab.send_wanted()
    assert lab.job(capture).stage is Stage.READY
    assert lab.blob(IMAGE).read_bytes() == IMAGE


def test_a_pushed_input_stays_as_the_last_copy_unless_the_rule_lets_it_go(make_lab: MakeLab) -> None:
    lab = make_lab(inputs={"days": 0, "last_copy": True})
    capture = lab.push("a.tif", IMAGE)
    assert stays(only(lab.inputs.run("test"), "inputs")) == {Why.UNFINISHED: 1}
    lab.complete(lab.job(capture))
    assert only(lab.inputs.run("test"), "inputs").goes.count == 1
    with pytest.raises(InputGone, match="deleted this pushed file"):
        lab.repo.reprocess(lab.job(capture).id, ME)


def test_pushed_contents_that_nobody_names_go_by_a_rule_of_their_own(make_lab: MakeLab) -> None:
    lab = make_lab(pushes=AT_ONCE)
    orphan = lab.lay_down(OTHER)
    lab.push("a.tif", IMAGE)
    assert only(lab.inputs.run("test"), "pushes").goes.count == 1
    assert not orphan.exists()
    assert lab.blob(IMAGE).exists()


def test_a_clear_disk_keeps_everything(make_lab: MakeLab) -> None:
    lab = make_lab(inputs={"days": 0, "last_copy": True, "above": 0.999})
    lab.completed("a.tif", IMAGE)
    assert stays(only(lab.inputs.run("test"), "inputs")) == {Why.ROOM: 1}
