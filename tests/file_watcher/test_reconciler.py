"""The reconciler by hand: what counts as finished, what is left alone, what waits."""

import hashlib
import os
import sys
from pathlib import Path

import pytest

from file_watcher.completion import Touch, fingerprint_of
from file_watcher.policies import PATIENCE
from labrelay.settings import Settings
from tests.file_watcher.conftest import Bench, changed


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_file_without_a_close_event_waits_for_the_stable_time(bench: Bench) -> None:
    bench.write("A01.tif", b"A")
    bench.reconciler.scan()
    bench.now += 0.19
    bench.reconciler.settle()
    assert bench.contents() == []
    bench.now += 0.02
    bench.reconciler.settle()
    assert bench.contents() == [("A01.tif", 1, digest(b"A"))]


def test_a_change_starts_the_stable_time_anew(bench: Bench) -> None:
    bench.write("A01.tif", b"A")
    bench.reconciler.scan()
    bench.now += 0.19
    bench.write("A01.tif", b"AB")
    bench.reconciler.scan()
    bench.now += 0.19
    bench.reconciler.settle()
    assert bench.contents() == []


def test_a_change_that_nobody_reported_is_seen_before_hashing(bench: Bench) -> None:
    bench.write("A01.tif", b"A")
    bench.reconciler.scan()
    bench.now += 1
    bench.write("A01.tif", b"AB")
    bench.reconciler.settle()
    assert bench.contents() == []
    bench.rest()
    assert bench.contents() == [("A01.tif", 1, digest(b"AB"))]


def test_a_close_event_vouches_at_once(bench: Bench) -> None:
    file = bench.write("A01.tif", b"A")
    bench.reconciler.touched("A01.tif", Touch(fingerprint_of(file), certain=True))
    bench.reconciler.settle()
    assert bench.contents() == [("A01.tif", 1, digest(b"A"))]


def test_a_close_event_vouches_only_for_what_it_saw(bench: Bench) -> None:
    file = bench.write("A01.tif", b"A")
    vouched = fingerprint_of(file)
    bench.write("A01.tif", b"B", "ab")
    bench.reconciler.touched("A01.tif", Touch(vouched, certain=True))
    bench.reconciler.settle()
    assert bench.contents() == []


def test_a_writer_that_was_heard_is_waited_for_though_it_pauses(bench: Bench) -> None:
    file = bench.write("A01.tif", b"A")
    bench.reconciler.touched("A01.tif", Touch(writing=True))
    bench.write("A01.tif", b"B", "ab")
    bench.rest()
    assert bench.contents() == []
    bench.reconciler.touched("A01.tif", Touch(fingerprint_of(file), certain=True))
    bench.reconciler.settle()
    assert bench.contents() == [("A01.tif", 1, digest(b"AB"))]


def test_a_close_that_got_lost_is_not_waited_for_for_ever(bench: Bench) -> None:
    bench.write("A01.tif", b"A")
    bench.reconciler.touched("A01.tif", Touch(writing=True))
    bench.now += 0.2 * PATIENCE + 0.01
    bench.reconciler.settle()
    assert bench.contents() == [("A01.tif", 1, digest(b"A"))]


def test_under_stable_a_close_event_vouches_for_nothing(settings: Settings) -> None:
    bench = Bench(changed(settings, completion="stable"))
    file = bench.write("A01.tif", b"A")
    bench.reconciler.touched("A01.tif", Touch(fingerprint_of(file), certain=True))
    bench.reconciler.settle()
    assert bench.contents() == []
    bench.database.close()


def test_a_file_that_changes_while_it_is_hashed_waits_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from labrelay.files import digest_file

    def hash_and_change(path: Path, *_: object) -> tuple[str, int]:
        answer = digest_file(path)
        bench.write("A01.tif", b" and more", "ab")
        return answer

    bench.write("A01.tif", b"A")
    bench.reconciler.scan()
    bench.now += 1
    with monkeypatch.context() as patch:
        patch.setattr("file_watcher.reconciler.digest_file", hash_and_change)
        bench.reconciler.settle()
    assert bench.contents() == []
    bench.rest()
    assert bench.contents() == [("A01.tif", 1, digest(b"A and more"))]


def test_a_file_that_vanishes_is_forgotten(bench: Bench) -> None:
    bench.write("A01.tif", b"A").unlink()
    bench.write("A02.tif", b"A")
    bench.reconciler.scan()
    (bench.root / "A02.tif").unlink()
    bench.now += 1
    bench.reconciler.settle()
    assert bench.reconciler.waiting == 0
    assert bench.contents() == []


def test_an_unreadable_file_waits_and_says_why(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_: object) -> tuple[str, int]:
        raise PermissionError("the instrument holds it")

    bench.write("A01.tif", b"A")
    with monkeypatch.context() as patch:  # an exclusive open can't be brought about for root on Linux
        patch.setattr("file_watcher.reconciler.digest_file", locked)
        bench.rest()
    assert list(bench.reconciler.troubles) == ["A01.tif: the instrument holds it"]
    assert bench.contents() == []
    bench.now += 1
    bench.rest()
    assert len(bench.contents()) == 1
    assert not bench.reconciler.troubles


@pytest.mark.skipif(sys.platform != "linux", reason="4,096 bytes are Linux' longest path")
def test_a_file_that_cannot_be_looked_at_is_shown(bench: Bench) -> None:
    """Here as its path is too long; a folder that may be listed but not entered does the same."""
    here, deep = os.open(bench.root, os.O_RDONLY), len(os.fsencode(bench.root))
    while deep < 4090:
        name = "d" * min(200, 4094 - deep)
        os.mkdir(name, dir_fd=here)
        below = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here, deep = below, deep + 1 + len(name)
    os.close(os.open("A01.tif", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)
    bench.reconciler.scan()
    assert [each.rpartition("/")[2] for each in bench.reconciler.troubles] == ["A01.tif: File name too long"]


def test_deleting_and_writing_the_same_content_again_is_the_same_capture(bench: Bench) -> None:
    bench.write("A01.tif", b"A")
    bench.rest()
    (bench.root / "A01.tif").unlink()
    bench.rest()
    bench.write("A01.tif", b"A")
    bench.rest()
    assert bench.contents() == [("A01.tif", 1, digest(b"A"))]


def test_a_file_replaced_by_one_of_the_same_size_and_time_is_seen_by_a_scan(bench: Bench) -> None:
    file = bench.write("A01.tif", b"A")
    bench.rest()
    seen = file.stat()
    other = bench.write("A01.new.tmp", b"B")
    os.utime(other, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    other.replace(file)
    bench.rest()
    assert bench.contents() == [("A01.tif", 1, digest(b"A")), ("A01.tif", 2, digest(b"B"))]


def test_existing_files_are_left_alone_until_they_change_when_asked(settings: Settings) -> None:
    root = settings.folders[0].path
    (root / "old.tif").write_bytes(b"old")
    (root / "touched.tif").write_bytes(b"touched")
    bench = Bench(changed(settings, existing="ignore"))
    bench.write("new.tif", b"new")
    bench.write("touched.tif", b" again", "ab")
    bench.rest()
    bench.restart()
    bench.rest()
    assert [path for path, _, _ in bench.contents()] == ["new.tif", "touched.tif"]
    bench.database.close()


def test_existing_files_are_taken_by_default(settings: Settings) -> None:
    (settings.folders[0].path / "old.tif").write_bytes(b"old")
    bench = Bench(settings)
    bench.rest()
    assert [path for path, _, _ in bench.contents()] == ["old.tif"]
    bench.database.close()


def test_links_are_not_followed_out_of_the_folder(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key.tif").write_bytes(b"key")
    (bench.root / "link.tif").symlink_to(tmp_path / "secret" / "key.tif")
    (bench.root / "folder").symlink_to(tmp_path / "secret")
    bench.reconciler.touched("link.tif", Touch(certain=True))
    bench.reconciler.touched("folder/key.tif", Touch(certain=True))
    bench.rest()
    assert bench.contents() == []
    assert bench.reconciler.ignored == 2


def test_what_the_patterns_pass_over_is_counted(bench: Bench) -> None:
    for name in ("a.tmp", "Thumbs.db", ".hidden", "deep/~lock", "A01.tif"):
        bench.write(name, b"x")
    bench.write(".x.labrelay-part", b"x")
    bench.rest()
    assert [path for path, _, _ in bench.contents()] == ["A01.tif"]
    assert bench.reconciler.ignored == 4


def test_a_name_that_is_no_text_is_ignored(bench: Bench) -> None:
    raw = os.fsencode(bench.root) + b"/\xff\xfe.tif"
    try:
        os.close(os.open(raw, os.O_CREAT | os.O_WRONLY))
    except OSError:
        pytest.skip("this file system takes only Unicode names")
    bench.rest()
    assert bench.contents() == []
    assert bench.reconciler.ignored == 1
