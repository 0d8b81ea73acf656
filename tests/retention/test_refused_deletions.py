"""The gateway won't hear of a deletion: the file is another instrument's there, or unknown. The rest goes on."""

from uuid import uuid4

import pytest

from file_sender.oem.deletions import Deletion
from labrelay.contracts.retention import Kind, Why
from labrelay.settings.retention import JobRule
from tests.retention.conftest import MakeLab
from tests.retention.lab import Lab, only, stays

NOW = JobRule(days=0)
IMAGES = [b"first image", b"second image", b"third image"]


@pytest.fixture
def lab(make_lab: MakeLab) -> Lab:
    return make_lab(originals=NOW)


def _begun(lab: Lab, capture_id: str, path: str) -> None:
    lab.deletions.begin(Deletion(capture_id, "input", path, "0" * 64, "test"))


def test_a_refused_end_is_put_aside_and_the_rest_is_deleted(lab: Lab) -> None:
    owner, strangers = lab.instrument, lab.completed("strange.tif", IMAGES[0])
    lab.instrument = f"{owner}-renamed"
    lab.journal.entries.clear()
    (lab.folder / "strange.tif").unlink()
    unknown = str(uuid4())
    _begun(lab, strangers, "strange.tif")
    _begun(lab, unknown, "unknown.tif")
    lab.completed("own.tif", IMAGES[1])
    assert only(lab.originals.run("test"), "originals").goes.count == 1
    assert not (lab.folder / "own.tif").exists()
    assert {each.capture_id for each in lab.deletions.set_aside()} == {strangers, unknown}
    assert lab.deletions.under_way() == []
    assert "by the retention rule" in lab.deletions.words("input", "strange.tif", "0" * 64)


def test_a_file_that_stands_needs_nobodys_word(lab: Lab) -> None:
    (lab.folder / "stands.tif").write_bytes(IMAGES[0])
    _begun(lab, str(uuid4()), "stands.tif")
    only(lab.originals.run("test"), "originals")
    assert (lab.folder / "stands.tif").read_bytes() == IMAGES[0]
    assert lab.deletions.under_way() == lab.deletions.set_aside() == []


def test_a_capture_that_the_gateway_refuses_holds_up_no_other(lab: Lab) -> None:
    """After a PC was given another name its journal still holds what it announced under the old one."""
    old = lab.completed("old.tif", IMAGES[0])
    lab.instrument = f"{lab.instrument}-renamed"
    lab.completed("one.tif", IMAGES[1])
    lab.completed("two.tif", IMAGES[2])
    report = only(lab.originals.run("test"), "originals")
    assert (report.goes.count, stays(report)) == (2, {Why.REFUSED: 1})
    assert [path.name for path in lab.folder.iterdir()] == ["old.tif"]
    assert old not in lab.repo.retention.releases.going(Kind.ORIGINALS)
