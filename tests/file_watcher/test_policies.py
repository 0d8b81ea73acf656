"""When a file is finished: each policy by hand, with a clock that goes when the test says so."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from watchdog.events import FileClosedEvent, FileCreatedEvent, FileModifiedEvent

from file_watcher.completion import Candidate, Sighting, Touch, fingerprint_of
from file_watcher.folder import CLOSES_ARE_HEARD, folders_of
from file_watcher.observer import Ear
from file_watcher.policies import NEVER, PATIENCE, Aged, Stable, policy_of
from file_watcher.wakes import Wakes
from labrelay.settings import Settings
from labrelay.settings.model import WatchedFolder
from tests.file_watcher.conftest import Bench, changed

Make = Callable[..., Bench]


@pytest.fixture
def bench_with(settings: Settings) -> Iterator[Make]:
    made: list[Bench] = []

    def make(**values: object) -> Bench:
        made.append(Bench(changed(settings, **values)))
        return made[-1]

    yield make
    for bench in made:
        bench.database.close()


def paths(bench: Bench) -> list[str]:
    return [path for path, _, _ in bench.contents()]


def heard_closing(bench: Bench, path: str, content: bytes) -> None:
    file = bench.write(path, content)
    bench.reconciler.touched(path, Touch(fingerprint_of(file), certain=True))
    bench.reconciler.settle()


def dated(file: Path, second: int) -> Path:
    os.utime(file, ns=(second * 10**9, second * 10**9))
    return file


@pytest.mark.parametrize(
    ("completion", "closes", "name"),
    [
        ("auto", True, "close_write"),
        ("auto", False, "stable"),
        ("stable", True, "stable"),
        ("close_write", False, "close_write"),
        ("marker", True, "marker"),
        ("rename", False, "rename"),
    ],
)
def test_auto_is_the_quickest_that_the_system_allows(completion: str, *, closes: bool, name: str) -> None:
    rule = WatchedFolder.model_validate({"path": ".", "completion": completion})
    assert policy_of(rule, closes_are_heard=closes).name == name


def test_a_polled_folder_hears_no_closes(settings: Settings) -> None:
    polled = folders_of(changed(settings, observer="polling"))[0]
    assert (polled.polled, polled.closes_are_heard) == (True, False)


def test_close_write_without_a_close_waits_as_stable_does(bench_with: Make) -> None:
    bench = bench_with(completion="close_write")
    bench.write("A01.tif", b"A")
    bench.reconciler.scan()
    bench.now += 0.19
    bench.reconciler.settle()
    assert paths(bench) == []
    bench.rest()
    assert paths(bench) == ["A01.tif"]


def test_a_file_that_another_program_holds_open_waits_and_says_so(
    bench_with: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = bench_with(completion="stable")
    bench.write("A01.tif", b"A")
    with monkeypatch.context() as patch:  # only Windows tells
        patch.setattr("file_watcher.policies.in_use", lambda _: True)
        bench.rest()
        assert bench.reconciler.waits == ("A01.tif: is open in another program",)
    assert paths(bench) == []
    bench.now += 1.1
    bench.reconciler.settle()
    assert paths(bench) == ["A01.tif"]


def test_under_rename_a_final_name_is_taken_at_once(bench_with: Make) -> None:
    bench = bench_with(completion="rename", stable_s=60.0)
    bench.write("A01.tif.part", b"A").rename(bench.root / "A01.tif")
    bench.reconciler.touched("A01.tif", Touch(certain=True))
    bench.reconciler.settle()
    bench.write("B01.tif.part", b"unfinished")
    bench.write("C01.tif", b"C")
    bench.reconciler.scan()
    bench.reconciler.settle()
    assert paths(bench) == ["A01.tif", "C01.tif"]
    assert bench.reconciler.ignored == 1


def test_under_rename_a_writer_that_is_heard_under_the_final_name_is_waited_for(bench_with: Make) -> None:
    bench = bench_with(completion="rename")
    file = bench.write("A01.tif", b"A")
    bench.reconciler.touched("A01.tif", Touch(writing=True))
    bench.reconciler.scan()
    bench.reconciler.settle()
    assert paths(bench) == []
    assert bench.reconciler.waits == ("A01.tif: its writer hasn't closed it yet",)
    bench.reconciler.touched("A01.tif", Touch(fingerprint_of(file), certain=True))
    bench.reconciler.settle()
    assert paths(bench) == ["A01.tif"]


def test_own_unfinished_names_are_never_captured(bench_with: Make) -> None:
    bench = bench_with(completion="rename", unfinished=("*.writing", "~tmp/*"))
    for name in ("A01.writing", "~tmp/A02.tif", "A03.part"):
        bench.write(name, b"x")
    bench.rest()
    assert paths(bench) == ["A03.part"]


def test_a_young_file_waits_whatever_vouches_for_it(bench_with: Make) -> None:
    bench = bench_with(completion="close_write", min_age_s=60.0)
    heard_closing(bench, "A01.tif", b"A")
    assert (paths(bench), bench.reconciler.waits) == ([], ("A01.tif: must be 60 s old",))
    bench.reconciler.scan()
    bench.now += 59
    bench.reconciler.settle()
    assert paths(bench) == []
    bench.now += 1.1
    bench.reconciler.settle()
    assert paths(bench) == ["A01.tif"]


def test_an_old_file_is_old_enough_at_once(bench_with: Make) -> None:
    bench = bench_with(completion="rename", min_age_s=60.0)
    dated(bench.write("A01.tif", b"A"), 1_600_000_000)
    bench.reconciler.scan()
    bench.reconciler.settle()
    assert paths(bench) == ["A01.tif"]


def test_a_clock_that_is_ahead_makes_nobody_wait_longer_than_the_least_age(tmp_path: Path) -> None:
    (tmp_path / "A01.tif").write_bytes(b"A")
    seen = fingerprint_of(dated(tmp_path / "A01.tif", 4_000_000_000))
    assert seen is not None
    policy = Aged(Stable(WatchedFolder(path=tmp_path)), 60.0)
    first = policy.judge(Sighting(tmp_path / "A01.tif", seen, 100.0))
    assert first.due == 160.0
    assert policy.judge(Sighting(tmp_path / "A01.tif", seen, 130.0, first)) == first


def test_a_small_file_is_ignored_until_it_has_grown(bench_with: Make) -> None:
    bench = bench_with(completion="close_write", min_bytes=4)
    heard_closing(bench, "A01.tif", b"A")
    bench.rest()
    assert (paths(bench), bench.reconciler.waiting, bench.reconciler.ignored) == ([], 0, 1)
    heard_closing(bench, "A01.tif", b"grown")
    bench.write("B01.tif", b"grows")
    bench.reconciler.scan()
    bench.write("B01.tif", b"no")
    bench.rest()
    assert (paths(bench), bench.reconciler.ignored) == (["A01.tif"], 1)
    bench.write("B01.tif", b"has grown")
    bench.rest()
    assert paths(bench) == ["A01.tif", "B01.tif"]


def test_patience_with_a_writer_ends(tmp_path: Path) -> None:
    (tmp_path / "A01.tif").write_bytes(b"A")
    seen = fingerprint_of(tmp_path / "A01.tif")
    assert seen is not None
    policy = policy_of(WatchedFolder(path=tmp_path, completion="rename", stable_s=2.0), closes_are_heard=True)
    judged: Candidate = policy.judge(Sighting(tmp_path / "A01.tif", seen, 10.0, touch=Touch(writing=True)))
    assert judged.due == 10.0 + 2.0 * PATIENCE < NEVER


@pytest.mark.skipif(not CLOSES_ARE_HEARD, reason="this system doesn't tell closes")
class TestHeardLate:
    """A file is closed and opened again before anybody comes to look: the close vouches for nothing of what follows."""

    @pytest.fixture
    def half_written(self, bench_with: Make) -> Iterator[Bench]:
        bench = bench_with(min_age_s=1.0, stable_s=1.0)
        (bench.root / "A01.tif").touch()
        with (bench.root / "A01.tif").open("ab") as stream:
            stream.write(b"half")
            stream.flush()
            yield bench

    @pytest.mark.parametrize("rounds", [1, 2])
    @pytest.mark.parametrize("completion", ["close_write", "rename"])
    def test_a_half_written_file_is_not_finished(self, half_written: Bench, completion: str, rounds: int) -> None:
        bench, wakes = half_written, Wakes()
        rule = bench.settings.folders[0].model_copy(update={"completion": completion})
        bench.reconciler.policy = policy_of(rule, closes_are_heard=True)
        ear, file = Ear(bench.reconciler.folder, wakes), str(bench.root / "A01.tif")
        for number, event in enumerate((FileCreatedEvent(file), FileClosedEvent(file), FileModifiedEvent(file))):
            ear.dispatch(event)
            if number == 2 or rounds == 2:
                for path, touch in wakes.take(0).touches.items():
                    bench.reconciler.touched(path, touch)
        bench.now += 2
        bench.reconciler.settle()
        assert paths(bench) == []
