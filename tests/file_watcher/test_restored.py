"""Times and numbers of files that mislead: restored, dated ahead, changed in place, a file number given anew."""

import hashlib
import os
from pathlib import Path

import pytest

from file_watcher.completion import Fingerprint, Touch, fingerprint_of
from tests.file_watcher.conftest import Bench

OLD_NS = 1_500_000_000 * 10**9
AHEAD_NS = 4_000_000_000 * 10**9


def dated(file: Path, time_ns: int) -> Path:
    os.utime(file, ns=(time_ns, time_ns))
    return file


def digests(bench: Bench) -> list[str]:
    return [sha256 for _, _, sha256 in bench.contents("A01.tif")]


def told(*contents: bytes) -> list[str]:
    return [hashlib.sha256(content).hexdigest() for content in contents]


def close(bench: Bench, file: Path) -> None:
    bench.reconciler.touched(file.name, Touch(fingerprint_of(file), certain=True))
    bench.reconciler.settle()


@pytest.mark.parametrize("time_ns", [OLD_NS, AHEAD_NS], ids=["older", "ahead"])
def test_another_content_is_taken_whatever_its_date(bench: Bench, time_ns: int) -> None:
    bench.write("A01.tif", b"A")
    bench.rest()
    dated(bench.write("A01.tif", b"B"), time_ns)
    bench.rest()
    bench.rest()
    assert digests(bench) == told(b"A", b"B")


def test_a_backup_that_brings_the_old_content_and_its_old_time_back_is_a_third_one(bench: Bench) -> None:
    first = dated(bench.write("A01.tif", b"A"), OLD_NS)
    bench.rest()
    first.write_bytes(b"B")
    bench.rest()
    dated(bench.write("A01.tif", b"A"), OLD_NS)
    bench.rest()
    assert digests(bench) == told(b"A", b"B", b"A")


def test_a_file_dated_ahead_is_taken_when_its_writer_rests(bench: Bench) -> None:
    dated(bench.write("A01.tif", b"A"), AHEAD_NS)
    bench.reconciler.scan()
    bench.reconciler.settle()
    assert digests(bench) == []
    bench.rest()
    assert digests(bench) == told(b"A")


def test_a_change_in_place_that_leaves_size_and_time_is_told_by_its_close_alone(bench: Bench) -> None:
    file = dated(bench.write("A01.tif", b"A"), OLD_NS)
    bench.rest()
    dated(bench.write("A01.tif", b"B"), OLD_NS)
    bench.rest()
    assert digests(bench) == told(b"A"), "the documented limit of scans"
    close(bench, file)
    assert digests(bench) == told(b"A", b"B")


@pytest.fixture
def numbered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that gives every file the same number, as some do right after a file was deleted."""

    def same_number(path: Path | str) -> Fingerprint | None:
        seen = fingerprint_of(path)
        return Fingerprint(seen.size, seen.mtime_ns, "7") if seen else None

    for module in ("reconciler", "walk"):
        monkeypatch.setattr(f"file_watcher.{module}.fingerprint_of", same_number)


@pytest.mark.usefixtures("numbered")
def test_a_file_number_given_anew_hides_no_new_file(bench: Bench) -> None:
    bench.write("A01.tif", b"A")
    bench.rest()
    (bench.root / "A01.tif").unlink()
    bench.rest()
    file = dated(bench.write("A01.tif", b"B"), OLD_NS)
    bench.rest()
    assert digests(bench) == told(b"A", b"B")
    file.unlink()
    dated(bench.write("A01.tif", b"C"), OLD_NS)  # now size and time are the same as well: its close tells
    close(bench, file)
    bench.rest()
    assert digests(bench) == told(b"A", b"B", b"C")


@pytest.mark.usefixtures("numbered")
def test_two_paths_may_share_a_file_number(bench: Bench) -> None:
    """Hard links, and shares that number nothing."""
    for name in ("A01.tif", "A02.tif"):
        dated(bench.write(name, name.encode()), OLD_NS)
    bench.rest()
    assert [path for path, _, _ in bench.contents()] == ["A01.tif", "A02.tif"]
