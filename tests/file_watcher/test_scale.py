"""Folders that are full already, and floods of files: nothing lost, little held in memory, new files first."""

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from file_watcher import reconciler as module
from file_watcher.app import create
from file_watcher.completion import Candidate, Fingerprint, Touch, fingerprint_of
from file_watcher.database import Database
from file_watcher.journal import Finding, Journal
from file_watcher.overview import Overview
from file_watcher.waiting import Waiting
from file_watcher.watcher import Watcher
from labrelay.files import digest_file
from labrelay.settings import Settings
from tests.file_watcher.conftest import Bench, changed
from tests.polling import until

MANY = 3000


def fill(root: Path, files: int) -> None:
    for number in range(files):
        path = root / f"{number // 500}" / f"{number:05}.tif"
        if number % 500 == 0:
            path.parent.mkdir(parents=True)
        path.write_bytes(b"%d" % number)


def count(bench: Bench) -> int:
    return sum(sum(states.values()) for states in Overview(bench.database).counts().values())


@pytest.fixture
def full(settings: Settings) -> Settings:
    fill(settings.folders[0].path, MANY)
    return settings


@pytest.fixture
def bench(full: Settings) -> Iterator[Bench]:
    made = Bench(full)
    yield made
    made.database.close()


def test_a_file_that_is_written_during_a_backlog_is_the_next_one(bench: Bench) -> None:
    bench.reconciler.scan()
    bench.now += 1
    for number, turns in enumerate((0, 1, 2)):
        for _ in range(turns):
            bench.reconciler.settle()
        before, name = count(bench), f"new{number}.tif"
        vouched = fingerprint_of(bench.write(name, b"new"))
        bench.reconciler.touched(name, Touch(vouched, certain=True))
        bench.reconciler.settle()
        assert Overview(bench.database).entries(name).items[0].id == before + 1


def test_a_new_file_that_only_a_scan_finds_goes_before_the_backlog_too(bench: Bench) -> None:
    bench.reconciler.scan()
    bench.write("new.tif", b"new")
    bench.reconciler.scan()
    bench.now += 1
    bench.reconciler.settle()
    assert Overview(bench.database).entries("new.tif").items[0].id == 1


def test_a_folder_that_is_moved_in_goes_before_the_backlog_though_its_files_are_old(bench: Bench) -> None:
    bench.reconciler.scan()
    (bench.root / "0").rename(bench.root / "moved")
    bench.reconciler.scan("moved")
    bench.now += 1
    bench.reconciler.settle()
    oldest = Overview(bench.database).entries(limit=MANY).items[::-1]
    assert {entry.path.partition("/")[0] for entry in oldest[:500]} == {"moved"}


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> int:
    """A backlog with room for fewer files than there are."""
    monkeypatch.setattr(module, "MAX_BACKLOG", 400)
    return 400


def test_a_backlog_of_bounded_size_takes_every_file(bench: Bench, narrow: int) -> None:
    scans, most = 0, 0
    while scans == 0 or bench.reconciler.wants_scan:
        bench.reconciler.scan()
        scans += 1
        most = max(most, len(bench.reconciler._waiting))
        assert scans == 1 or bench.reconciler.progress is not None
        bench.now += 1
        while bench.reconciler.next_due() == 0:
            bench.reconciler.settle()
    assert most == narrow
    assert scans == MANY // narrow + 1
    assert count(bench) == MANY
    assert bench.reconciler.waiting == 0


def test_a_huge_folder_that_is_moved_in_is_held_to_the_bound_too(settings: Settings, narrow: int) -> None:
    bench = Bench(settings)
    bench.rest()
    fill(bench.root / "moved", MANY)
    bench.reconciler.scan("moved")
    assert len(bench.reconciler._waiting) == 3 * narrow
    assert bench.reconciler.waiting == MANY
    while bench.reconciler.waiting:
        bench.now += 1
        while bench.reconciler.next_due() == 0:
            bench.reconciler.settle()
        assert bench.reconciler.wants_scan or not bench.reconciler.waiting
        bench.reconciler.scan()
    assert count(bench) == MANY
    bench.database.close()


def test_a_flood_of_events_is_held_to_the_bound_too(settings: Settings, narrow: int) -> None:
    """As an instrument sends them that is paused over night."""
    bench = Bench(settings)
    bench.rest()
    fill(bench.root, MANY)
    for file in bench.root.rglob("*.tif"):
        path = file.relative_to(bench.root).as_posix()
        bench.reconciler.touched(path, Touch(fingerprint_of(file), certain=True))
    assert len(bench.reconciler._waiting) == 2 * narrow
    while bench.reconciler.waiting:
        while bench.reconciler.next_due() == 0:
            bench.reconciler.settle()
        assert bench.reconciler.wants_scan or not bench.reconciler.waiting
        bench.reconciler.scan()
        bench.now += 1
    assert count(bench) == MANY
    bench.database.close()


def test_the_first_look_tells_how_far_it_is(bench: Bench, narrow: int) -> None:
    assert bench.reconciler.progress is None
    bench.reconciler.scan()
    size = sum(len(b"%d" % number) for number in range(MANY))
    told = bench.reconciler.progress
    assert told is not None
    assert (told.files, told.of, told.hashed, told.taken, told.bytes_left) == (MANY, MANY, 0, 0, size)
    bench.now += 1
    while bench.reconciler.next_due() == 0:
        bench.reconciler.settle()
    told = bench.reconciler.progress
    assert told is not None
    assert (told.hashed, told.taken, told.done) == (narrow, narrow, False)
    assert 0 < told.bytes_left < size
    while not told.done:
        bench.rest()
        told = bench.reconciler.progress or told
    assert (told.of, told.hashed, told.bytes_left) == (MANY, MANY, 0)


def test_what_is_left_out_at_the_first_look_is_not_read(full: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def reading(path: Path, *_: object) -> tuple[str, int]:
        read.append(path.name)
        return digest_file(path)

    monkeypatch.setattr(module, "digest_file", reading)
    bench = Bench(changed(full, existing="ignore"))
    bench.write("new.tif", b"new")
    bench.rest()
    assert read == ["new.tif"]
    assert bench.reconciler.progress is not None
    assert (bench.reconciler.progress.files, bench.reconciler.progress.of) == (MANY + 1, 0)
    bench.database.close()


def test_a_flood_of_files_beside_a_full_folder_is_taken_completely(full: Settings) -> None:
    """As one process writes them with nobody waiting, while the running watcher is at its first look."""
    root = full.folders[0].path
    watcher = Watcher(full)
    watcher.start()
    try:
        (root / "flood").mkdir()
        for number in range(MANY):
            (root / "flood" / f"{number}.tif").write_bytes(b"flood %d" % number)
        until(lambda: watcher.overview.counts().get("input", {}).get("pending") == 2 * MANY, seconds=60)
        pending = watcher.acceptances.pending(["input"], 2 * MANY + 1)
        assert len({row["path"] for row in pending}) == len(pending) == 2 * MANY
        digests = {row["sha256"] for row in pending if row["path"].startswith("flood/")}
        assert digests == {hashlib.sha256(b"flood %d" % number).hexdigest() for number in range(MANY)}
    finally:
        watcher.stop()


def test_the_status_tells_of_the_first_look(full: Settings) -> None:
    with TestClient(create(full)) as client:

        def first_look() -> dict[str, int]:
            return client.get("/api/v2/status").json()["folders"][0]["first_look"] or {}

        until(lambda: first_look().get("hashed") == MANY, seconds=60)
        assert first_look() == {"files": MANY, "of": MANY, "hashed": MANY, "taken": MANY, "bytes_left": 0}


class TestWaiting:
    def candidate(self, due: float) -> Candidate:
        return Candidate(Fingerprint(1, 2, "3"), due)

    def test_it_gives_what_is_due_as_a_sorted_list_would(self) -> None:
        chance, waiting, model = random.Random(7), Waiting(), dict[str, tuple[bool, float]]()
        for number in range(5000):
            path, due, fresh = str(chance.randrange(300)), float(chance.randrange(1, 1000)), chance.random() < 0.3
            if chance.random() < 0.2:
                waiting.drop(path)
                model.pop(path, None)
            else:
                waiting.put(path, self.candidate(due), fresh=fresh)
                model[path] = (fresh or model.get(path, (False, 0.0))[0], due)
            if number % 500 == 0:
                assert waiting.next_due() == min((due for _, due in model.values()), default=float("inf"))
        now = 500.0
        ready = {path for path, (_, due) in model.items() if due <= now}
        given = list(waiting.due(now))
        assert len(given) == len(set(given))
        assert set(given) == ready
        assert [model[path] for path in given] == sorted(
            (model[path] for path in given), key=lambda m: (not m[0], m[1])
        )
        assert len(waiting) == len(model)

    def test_what_nobody_settled_is_given_again(self) -> None:
        waiting = Waiting()
        for path in "abc":
            waiting.put(path, self.candidate(1.0))
        given = list(waiting.due(2.0))
        waiting.drop("a")
        waiting.put("b", self.candidate(5.0))
        waiting.give_back()
        assert (given, list(waiting.due(2.0)), list(waiting.due(6.0))) == (["a", "b", "c"], ["c"], ["b"])

    def test_a_file_that_changes_without_end_takes_no_more_memory(self) -> None:
        waiting = Waiting()
        for number in range(50_000):
            waiting.put("a", self.candidate(float(number + 1)), fresh=True)
        assert len(waiting._fresh._places) < 2500
        assert list(waiting.due(60_000.0)) == ["a"]


def test_a_journal_that_fails_keeps_its_files_waiting(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(*_: object) -> int:
        raise OSError("no space left on device")

    bench.reconciler.scan()
    bench.now += 1
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "record", full_disk)
        with pytest.raises(OSError, match="no space"):
            bench.reconciler.settle()
    assert bench.reconciler.waiting == MANY
    while bench.reconciler.next_due() == 0:
        bench.reconciler.settle()
    assert count(bench) == MANY


def test_one_batch_may_hold_several_contents_of_a_path(settings: Settings) -> None:
    database = Database(settings.oem_layout.journal)
    database.open()
    seen = Fingerprint(1, 2, "3")
    findings = [Finding("A01.tif", seen, digest) for digest in ("a", "a", "b", "a")]
    assert Journal(database).record("input", findings) == 3
    assert Journal(database).record("input", findings[:1]) == 0
    rows = Overview(database).entries("A01.tif").items
    assert [(row.generation, row.sha256) for row in rows] == [(3, "a"), (2, "b"), (1, "a")]
    database.close()
