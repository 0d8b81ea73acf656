"""Sealed outputs go after the receipt; files on the instrument only by their folder's rule, and never as the last."""

import pytest

from job_repository.jobs.conflicts import InputGone
from labrelay.contracts.captures import WantedInput as Wanted
from labrelay.contracts.retention import Kind, Why
from labrelay.contracts.states import Stage
from labrelay.errors import InputProblem
from labrelay.sealed import OutputGone, sealed_file
from labrelay.settings.retention import JobRule
from tests.retention.conftest import MakeLab
from tests.retention.lab import LABELS, ME, only, stays

IMAGE, OTHER = b"an image", b"another image"
NOW = JobRule(days=0)


def test_outputs_go_when_the_receipt_stands_and_say_where_they_are(make_lab: MakeLab) -> None:
    lab = make_lab(outputs={"days": 0})
    job = lab.job(lab.completed("a.tif", IMAGE))
    report = only(lab.outputs.run("test"), "outputs")
    assert (report.goes.count, report.goes.bytes) == (1, len(LABELS))
    assert not (lab.layout.root / "outputs" / job.id).exists()
    with pytest.raises(OutputGone, match=f"has it as o, SHA-256 {job.outputs[0].sha256}"):
        sealed_file(lab.layout, job, job.outputs[0])


def test_outputs_that_wait_for_their_instrument_or_belong_to_a_push_stay(make_lab: MakeLab) -> None:
    lab = make_lab(outputs={"days": 0})
    lab.complete(lab.job(lab.push("a.tif", OTHER)))
    assert stays(only(lab.outputs.run("test"), "outputs")) == {Why.PUSHED: 1}
    lab.begin(None, {"outputs": {"days": 0, "pushed_days": 0}})
    lab.complete(lab.job(lab.push("a.tif", OTHER)))
    assert only(lab.outputs.run("test"), "outputs").goes.count == 1


def test_a_retry_between_deciding_and_deleting_outputs_keeps_them(make_lab: MakeLab) -> None:
    lab = make_lab(outputs={"days": 0})
    job = lab.job(lab.completed("a.tif", IMAGE))
    seen = only(lab.outputs.look(), "outputs")
    lab.repo.reprocess(job.id, ME)
    assert seen.goes.count == 1
    assert stays(only(lab.outputs.run("test"), "outputs")) == {Why.UNFINISHED: 1}
    assert (lab.layout.root / "outputs" / job.id).exists()


def test_an_original_goes_while_the_gateways_copy_has_just_been_read(make_lab: MakeLab) -> None:
    lab = make_lab(originals=NOW)
    capture = lab.completed("plate/a.tif", IMAGE)
    assert only(lab.originals.look(), "originals").goes.count == 1
    assert (lab.folder / "plate/a.tif").exists()
    assert only(lab.originals.run("test"), "originals").goes.count == 1
    assert not list((lab.folder / "plate").iterdir())
    assert lab.blob(IMAGE).read_bytes() == IMAGE
    assert "by the retention rule" in lab.deletions.words("input", "plate/a.tif", lab.job(capture).source.sha256)
    assert [act for act in lab.audited() if act.startswith("retention_")][-2:] == [
        "retention_released",
        "retention_deleted",
    ]


def test_without_a_rule_of_their_folder_originals_are_not_even_looked_at(make_lab: MakeLab) -> None:
    lab = make_lab(inputs={"days": 0, "last_copy": True})
    lab.completed("a.tif", IMAGE)
    assert only(lab.originals.run("test"), "originals").goes.count == 0
    assert (lab.folder / "a.tif").exists()


def test_an_original_stays_without_a_whole_copy_on_the_gateway(make_lab: MakeLab) -> None:
    lab = make_lab(originals=NOW)
    lab.completed("a.tif", IMAGE)
    lab.blob(IMAGE).chmod(0o644)
    lab.blob(IMAGE).write_bytes(b"AN IMAGE")
    assert stays(only(lab.originals.run("test"), "originals")) == {Why.DAMAGED: 1}
    lab.blob(IMAGE).unlink()
    assert stays(only(lab.originals.run("test"), "originals")) == {Why.NOT_HELD: 1}
    assert (lab.folder / "a.tif").read_bytes() == IMAGE


def test_an_original_stays_while_its_job_isnt_complete_or_the_gateways_rule_is_shorter(make_lab: MakeLab) -> None:
    lab = make_lab(originals=NOW)
    lab.write("a.tif", IMAGE)
    assert stays(only(lab.originals.run("test"), "originals")) == {Why.UNFINISHED: 1}
    lab.begin(JobRule(days=0), {"inputs": {"days": 0, "last_copy": True}})
    lab.completed("a.tif", IMAGE)
    assert stays(only(lab.originals.run("test"), "originals")) == {Why.SHORT_RULE: 1}


def test_a_file_that_the_instrument_has_rewritten_is_never_deleted(make_lab: MakeLab) -> None:
    lab = make_lab(originals=NOW)
    lab.completed("a.tif", IMAGE)
    (lab.folder / "a.tif").write_bytes(OTHER)
    assert only(lab.originals.run("test"), "originals").goes.count == 0
    assert (lab.folder / "a.tif").read_bytes() == OTHER


def test_only_one_of_two_copies_ever_goes(make_lab: MakeLab) -> None:
    lab = make_lab(originals=NOW, inputs={"days": 0})
    lab.completed("a.tif", IMAGE)
    lab.inputs.run("test")
    assert only(lab.originals.run("test"), "originals").goes.count == 1
    lab.vouch()  # the question is older than the deletion
    assert stays(only(lab.inputs.run("test"), "inputs")) == {Why.LAST_COPY: 1}
    assert lab.blob(IMAGE).read_bytes() == IMAGE


def test_what_both_sides_have_deleted_is_said_clearly(make_lab: MakeLab) -> None:
    lab = make_lab(originals=NOW)
    capture = lab.completed("a.tif", IMAGE)
    lab.originals.run("test")
    lab.repo.retention.rules = lab.settings.retention.model_validate({"inputs": {"days": 0, "last_copy": True}})
    assert only(lab.inputs.run("test"), "inputs").goes.count == 1
    with pytest.raises(InputGone, match="deleted on the instrument"):
        lab.repo.reprocess(lab.job(capture).id, ME)
    assert lab.job(capture).stage is Stage.COMPLETE


def test_a_deleted_original_is_explained_where_it_is_missing(make_lab: MakeLab) -> None:
    lab = make_lab(originals=NOW)
    capture = lab.completed("a.tif", IMAGE)
    lab.originals.run("test")
    lab.blob(IMAGE).unlink()  # a person did
    lab.folders.explain_with(lab.deletions.words)
    lab.repo.reprocess(lab.job(capture).id, ME)
    (wanted,) = lab.repo.live.wanted(lab.instrument, 10)[1]
    source = wanted.source
    with pytest.raises(InputProblem, match=r"deleted on .* by the retention rule"):
        lab.folders.root_of(
            Wanted(capture_id=capture, folder="input", path="a.tif", size=source.size, sha256=source.sha256)
        )


def test_another_instrument_may_ask_for_nobody_elses_files(make_lab: MakeLab) -> None:
    lab = make_lab(originals=NOW)
    capture = lab.completed("a.tif", IMAGE)
    lab.instrument = "somebody-else"
    assert stays(only(lab.originals.run("test"), "originals")) == {Why.REFUSED: 1}
    assert (lab.folder / "a.tif").exists()
    assert capture not in lab.repo.retention.releases.going(Kind.ORIGINALS)
