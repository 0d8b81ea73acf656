"""From a written file to an accepted capture: attributes, order, outages, lost answers, refusals, epochs."""

import hashlib
import os
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
import requests

import file_watcher.app
from data_organizer.ended import EndedFeed
from data_organizer.journal import Journal, Pending
from labrelay.contracts.audit import AuditHead
from labrelay.contracts.captures import Announcement
from labrelay.errors import CaptureOfAnother, LabrelayError, Unprocessable
from labrelay.heads import newest_head
from labrelay.settings import Settings
from tests.data_organizer.conftest import Served, Side, side_of
from tests.data_organizer.gateway import Gateway
from tests.polling import until


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _found(side: Side, number: int) -> bool:
    return len(side.journal()) == number


def test_an_announcement_tells_the_file_as_aicsd_knows_it(side: Side, gateway: Gateway) -> None:
    (side.folder / "plate").mkdir()
    (side.folder / "plate" / "r007-test-1.tif").write_bytes(b"pixels")
    until(lambda: side.states() == ["open"])
    said = gateway.heard[0]
    assert (said.instrument, said.host, said.folder, said.path) == ("oem", "oem", "input", "plate/r007-test-1.tif")
    assert said.directory == str(side.folder.resolve() / "plate") + os.sep
    assert said.attributes == {"LabName": "ScienceLab", "row": "7", "test": "true"}
    assert (said.size, said.sha256, said.predecessor) == (6, digest(b"pixels"), None)


def test_what_a_path_tells_is_announced_with_its_kinds(side: Side, gateway: Gateway) -> None:
    path = side.folder / "9_Plate_7" / "TimePoint_2" / "9_B02_s3_w1.TIF"
    path.parent.mkdir(parents=True)
    (path.parent / "9_B02_s3_w1_thumb.TIF").write_bytes(b"a thumbnail")
    path.write_bytes(b"pixels")
    until(lambda: side.states() == ["open"])
    read = {"plate": "9", "plate_id": "7", "well": "B02", "row": "B", "column": 2, "field": 3, "channel": 1, "time": 2}
    assert gateway.heard[0].attributes == {"LabName": "ScienceLab", "test": "false", **read}


def test_a_name_that_a_pattern_runs_away_on_is_refused_and_the_others_go_on(ruled: Settings, gateway: Gateway) -> None:
    folder = ruled.folders[0].model_copy(update={"patterns": (r"^(?P<plate>(x|xx)+)\.tif$",)})
    side = side_of(ruled.model_copy(update={"oem": ruled.oem.model_copy(update={"folders": (folder,)})}))
    side.watcher.start()
    side.organizer.start()
    try:
        for name in (f"{'x' * 100}!.tif", "xx.tif", "A01.tif"):
            (side.folder / name).write_bytes(name.encode())
        until(lambda: sorted(side.states()) == ["open", "open", "refused"])
        assert "took too long" in side.journal(state="refused")[0]["cause"]
        assert {said.path: said.attributes.get("plate") for said in gateway.heard} == {"xx.tif": "xx", "A01.tif": None}
    finally:
        side.organizer.stop()
        side.watcher.stop()


def test_a_plate_becomes_one_capture_a_file(side: Side, gateway: Gateway) -> None:
    for number in range(60):
        (side.folder / f"{number:02}.tif").write_bytes(b"%d" % number)
    until(lambda: side.states() == ["open"] * 60)
    assert sorted(said.path for _, said in gateway.captures) == [f"{number:02}.tif" for number in range(60)]
    assert len(gateway.heard) == 60


def test_contents_of_a_path_follow_each_other(side: Side, gateway: Gateway) -> None:
    for number, content in enumerate((b"A", b"B", b"A"), start=1):
        (side.folder / "A01.tif").write_bytes(content)
        until(partial(_found, side, number))
    until(lambda: side.states() == ["open"] * 3)
    assert gateway.contents("A01.tif") == [digest(b"A"), digest(b"B"), digest(b"A")]
    ids = [capture_id for capture_id, _ in gateway.captures]
    assert [said.predecessor for _, said in gateway.captures] == [None, *ids[:2]]


def test_what_ended_on_the_gateway_is_closed(side: Side, gateway: Gateway) -> None:
    (side.folder / "A01.tif").write_bytes(b"pixels")
    until(lambda: side.states() == ["open"])
    gateway.ended.append(gateway.captures[0][0])
    until(lambda: side.states() == ["closed"])


def test_what_ends_before_its_acceptance_is_written_down_is_closed(side: Side, gateway: Gateway) -> None:
    gateway.end_at_once = True
    for number in range(10):
        (side.folder / f"{number}.tif").write_bytes(b"%d" % number)
    until(lambda: side.states() == ["closed"] * 10)


def test_while_the_gateway_is_away_files_wait_and_all_arrive_later(ruled: Settings, gateway: Gateway) -> None:
    gateway.stop()
    side = side_of(ruled)
    side.watcher.start()
    side.organizer.start()
    try:
        for number in range(12):
            (side.folder / f"{number}.tif").write_bytes(b"%d" % number)
        until(lambda: len(side.journal()) == 12)
        status = f"{ruled.service_url('data_organizer')}/api/v2/status"
        until(lambda: "answer" in requests.get(status, timeout=5).json()["announce"])
        gateway.start()
        until(lambda: side.states() == ["open"] * 12)
        assert len(gateway.captures) == 12
    finally:
        side.organizer.stop()
        side.watcher.stop()


def test_a_lost_answer_makes_no_second_capture(side: Side, gateway: Gateway) -> None:
    gateway.lose_answer = 3
    (side.folder / "A01.tif").write_bytes(b"pixels")
    until(lambda: side.states() == ["open"])
    assert len(gateway.captures) == 1
    assert len(gateway.heard) > 1


def test_a_refusal_stays_visible_and_the_next_scan_tries_again(side: Side, gateway: Gateway) -> None:
    def strict(said: Announcement) -> LabrelayError | None:
        return Unprocessable("this name is not allowed") if said.path == "bad.tif" else None

    gateway.refuse = strict
    for name in ("bad.tif", "good.tif"):
        (side.folder / name).write_bytes(b"pixels")
    until(lambda: sorted(side.states()) == ["open", "refused"])
    assert side.journal(state="refused")[0]["cause"] == "this name is not allowed"
    gateway.refuse = lambda _: None
    assert side.v1("retry").status_code == 200
    until(lambda: side.states() == ["open"] * 2)


def test_a_new_epoch_announces_again_what_isnt_closed(side: Side, gateway: Gateway) -> None:
    for name in ("A01.tif", "A02.tif"):
        (side.folder / name).write_bytes(name.encode())
    until(lambda: side.states() == ["open"] * 2)
    closed_id, closed = gateway.captures[0]
    gateway.ended.append(closed_id)
    until(lambda: sorted(side.states()) == ["closed", "open"])
    gateway.heard.clear()
    gateway.epoch = 2
    until(lambda: len(gateway.heard) == 1)
    until(lambda: sorted(side.states()) == ["closed", "open"])
    assert gateway.heard[0].path != closed.path
    assert len(gateway.captures) == 2


def test_after_a_lost_journal_known_contents_are_adopted_and_new_ones_follow(
    ruled: Settings, gateway: Gateway, tmp_path: Path
) -> None:
    gateway.end_at_once = True
    first = side_of(ruled)
    first.watcher.start()
    first.organizer.start()
    for name in ("same.tif", "changed.tif"):
        (first.folder / name).write_bytes(b"before")
    until(lambda: first.states() == ["closed"] * 2)
    first.organizer.stop()
    first.watcher.stop()
    (first.folder / "changed.tif").write_bytes(b"after")
    second = side_of(ruled.model_copy(update={"data": tmp_path / "a new disk"}))
    second.watcher.start()
    second.organizer.start()
    try:
        until(lambda: second.states() == ["closed"] * 2)
        assert gateway.contents("same.tif") == [digest(b"before")]
        assert gateway.contents("changed.tif") == [digest(b"before"), digest(b"after")]
    finally:
        second.organizer.stop()
        second.watcher.stop()


class JournalThatHearsOfTheEpoch(Journal):
    """Its position is read, and right after that an acceptance brings the gateway's new epoch."""

    def position(self) -> Pending:
        before = super().position()
        super().ended(2, 0, [])
        return before


def test_a_feed_that_was_asked_for_under_an_older_epoch_is_read_from_its_start(
    ruled: Settings, gateway: Gateway
) -> None:
    watcher = Served(file_watcher.app.create(ruled), ruled.ports.file_watcher)
    watcher.start()
    journal = Journal(ruled)
    journal.ended(1, 5, [])
    gateway.epoch, gateway.ended = 2, [str(uuid4()) for _ in range(6)]
    EndedFeed(JournalThatHearsOfTheEpoch(ruled), ruled, wait_s=0).turn()
    assert (journal.position().epoch, journal.position().cursor) == (2, 0)
    watcher.stop()


def test_a_pause_that_cannot_be_written_down_leaves_no_capture_open(ruled: Settings, gateway: Gateway) -> None:
    watcher = Served(file_watcher.app.create(ruled), ruled.ports.file_watcher)
    watcher.start()
    (ruled.oem_layout.root / "pause" / "gateway.json").mkdir(parents=True)
    gateway.ended = [str(uuid4())]
    with pytest.raises(OSError, match=r"gateway\.json"):
        EndedFeed(Journal(ruled), ruled, wait_s=0).turn()
    position = Journal(ruled).position()
    assert (position.epoch, position.cursor) == (gateway.epoch, 1)
    watcher.stop()


def test_what_a_restored_gateway_lost_is_announced_under_the_name_that_it_had(side: Side, gateway: Gateway) -> None:
    (side.folder / "A01.tif").write_bytes(b"pixels")
    until(lambda: side.states() == ["open"])
    named = gateway.captures[0][0]
    gateway.ended.append(named)
    until(lambda: side.states() == ["closed"])
    gateway.captures, gateway.ended, gateway.kept, gateway.epoch = [], [], 0, 1000
    until(lambda: len(gateway.captures) == 1)
    assert gateway.heard[-1].capture_id == named
    until(lambda: side.states() == ["open"])


def test_what_was_announced_under_a_former_name_of_the_pc_becomes_a_capture_of_its_own(
    side: Side, gateway: Gateway
) -> None:
    """After a new epoch it is named as it was known; to the gateway that is another instrument's."""
    (side.folder / "A01.tif").write_bytes(b"A")
    until(lambda: side.states() == ["open"])
    former = gateway.captures.pop()[0]
    gateway.epoch, gateway.refuse = 2, lambda said: CaptureOfAnother("x") if said.capture_id == former else None
    until(lambda: len(gateway.captures) == 1 and side.states() == ["open"])
    assert [said.capture_id for said in gateway.heard] == [None, former, None]
    assert gateway.captures[0][0] != former


def test_the_newest_head_of_the_audit_is_kept(ruled: Settings, gateway: Gateway) -> None:
    watcher = Served(file_watcher.app.create(ruled), ruled.ports.file_watcher)
    watcher.start()
    gateway.head = AuditHead(number=3, hash="a" * 64, signature="b" * 64)
    feed = EndedFeed(Journal(ruled), ruled, wait_s=0)
    feed.turn()
    assert newest_head(ruled.oem_layout.heads) == gateway.head
    assert feed.heard.version == "gateway-double"
    watcher.stop()
