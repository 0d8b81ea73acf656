"""Files that are there at the first look: taken, left out until they change, or taken since a date."""

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from file_watcher.completion import Touch, fingerprint_of
from file_watcher.database import Database
from file_watcher.existing import FirstLook
from file_watcher.folder import folders_of
from file_watcher.journal import Journal
from file_watcher.reconciler import Reconciler
from file_watcher.walk import Walk
from labrelay.errors import ServiceUnavailable
from labrelay.settings import Settings, WatchedFolder
from labrelay.settings.existing import existing_of
from tests.file_watcher.conftest import Bench, changed

NEW_YEAR_NS = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * 10**9
Make = Callable[[str], Bench]


@pytest.fixture
def root(settings: Settings) -> Path:
    return settings.folders[0].path


@pytest.fixture
def make(settings: Settings) -> Iterator[Make]:
    made: list[Bench] = []

    def bench(existing: str) -> Bench:
        made.append(Bench(changed(settings, existing=existing)))
        return made[-1]

    yield bench
    for each in made:
        each.database.close()


def put(root: Path, name: str, modified_ns: int | None = None) -> Path:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(name.encode())
    if modified_ns is not None:
        os.utime(file, ns=(modified_ns, modified_ns))
    return file


def names(bench: Bench) -> list[str]:
    bench.rest()
    return [path for path, _, _ in bench.contents()]


@pytest.mark.parametrize("text", ["", "all", "since", "since yesterday", "since 2026-13-01", "take since 2026-01-01"])
def test_another_word_is_refused_and_the_right_ones_are_named(text: str) -> None:
    with pytest.raises(ValidationError, match="`since 2026-01-31`"):
        WatchedFolder(path=Path("x"), existing=text)


@pytest.mark.parametrize(
    ("text", "since"),
    [
        ("since 2026-01-31", datetime(2026, 1, 31).astimezone()),
        ("since 2026-01-31T08:30:00.5", datetime(2026, 1, 31, 8, 30, 0, 500_000).astimezone()),
        ("Since  2026-01-31T08:00+01:00", datetime(2026, 1, 31, 7, tzinfo=UTC)),
        ("since 2026-01-31T07:00Z", datetime(2026, 1, 31, 7, tzinfo=UTC)),
        ("take", None),
        ("ignore", None),
    ],
)
def test_the_setting_gives_an_instant_with_its_zone(text: str, since: datetime | None) -> None:
    chosen = WatchedFolder(path=Path("x"), existing=text).existing_files
    assert (chosen.kind, chosen.since) == (text.split()[0].lower(), since)
    if since is not None:
        assert chosen.since_ns == round(since.timestamp() * 1000) * 10**6
        assert chosen.since is not None
        assert chosen.since.tzinfo is not None


def test_since_takes_what_was_changed_at_or_after_the_date(make: Make, root: Path) -> None:
    put(root, "before.tif", NEW_YEAR_NS - 1)
    put(root, "at.tif", NEW_YEAR_NS)
    put(root, "plate/after.tif", NEW_YEAR_NS + 1)
    bench = make("since 2026-01-01T00:00Z")
    assert names(bench) == ["at.tif", "plate/after.tif"]
    put(root, "before.tif")
    assert names(bench) == ["at.tif", "before.tif", "plate/after.tif"]


def test_an_old_file_that_comes_later_is_taken(make: Make, root: Path) -> None:
    """The date counts at the first look only: what is restored from a backup later has an old date too."""
    bench = make("since 2026-01-01T00:00Z")
    put(root, "restored.tif", NEW_YEAR_NS - 1)
    assert names(bench) == ["restored.tif"]


def test_the_first_look_is_the_first_also_after_a_restart_with_another_setting(make: Make, root: Path) -> None:
    put(root, "old.tif", 1)
    assert names(make("ignore")) == []
    assert names(make("take")) == []


@pytest.mark.parametrize(("existing", "first"), [("ignore", 0), ("since 2026-01-01", 1)])
def test_a_date_in_the_future_is_a_date_like_others(make: Make, root: Path, existing: str, first: int) -> None:
    ahead = time.time_ns() + 10**9 * 3600 * 24 * 365
    file = put(root, "future.tif", ahead)
    bench = make(existing)
    assert len(names(bench)) == first
    file.write_bytes(b"other content")
    os.utime(file, ns=(ahead + 1, ahead + 1))
    assert len(names(bench)) == first + 1


class TestInterrupted:
    """A first look that ends in its middle, as a power cut would end it."""

    @pytest.fixture
    def journal(self, settings: Settings) -> Iterator[Journal]:
        database = Database(settings.oem_layout.journal)
        database.open()
        yield Journal(database)
        database.close()

    def interrupt(self, settings: Settings, journal: Journal, batches: int, now_ns: int) -> None:
        folder = folders_of(settings)[0]
        looking = FirstLook(folder, journal).over(Walk(folder).files(), now_ns)
        for _ in range(batches + 1):
            next(looking)
        assert not journal.has_begun(folder.name)

    @pytest.mark.parametrize("batches", [0, 1])
    def test_what_was_there_stays_left_out_and_what_came_is_taken(
        self,
        settings: Settings,
        journal: Journal,
        make: Make,
        root: Path,
        batches: int,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("file_watcher.existing.LOOKS", 2)
        chosen = changed(settings, existing="ignore")
        old = [put(root, f"{name}.tif", NEW_YEAR_NS) for name in "abcd"]
        changed_ns = max(file.stat().st_ctime_ns for file in old)
        self.interrupt(chosen, journal, batches, changed_ns + 10**10)
        put(root, "b.tif", changed_ns + 2 * 10**10)
        put(root, "new.tif", changed_ns + 2 * 10**10)
        assert names(make("ignore")) == ["b.tif", "new.tif"]

    def test_an_old_file_that_was_moved_in_after_the_first_beginning_is_taken(
        self, settings: Settings, journal: Journal, make: Make, root: Path
    ) -> None:
        self.interrupt(changed(settings, existing="ignore"), journal, 0, time.time_ns())
        put(root.parent, "old.tif", NEW_YEAR_NS).rename(root / "old.tif")
        assert names(make("ignore")) == ["old.tif"]


def test_a_file_that_is_written_during_the_first_look_is_taken(
    make: Make, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first look sees it as well, and must not take it for an old one."""
    monkeypatch.setattr("file_watcher.existing.LOOKS", 1)
    for name in ("a.tif", "b.tif", "c.tif", "d.tif"):
        put(root, name, NEW_YEAR_NS)
    with monkeypatch.context() as patch:
        patch.setattr(Reconciler, "begin", lambda _: None)
        bench = make("ignore")
    looking = bench.reconciler.beginning()
    next(looking)
    next(looking)
    for name in ("a.tif", "c.tif", "new.tif"):  # before, behind and beside what was looked at
        seen = fingerprint_of(put(root, name, NEW_YEAR_NS + 1))
        bench.reconciler.touched(name, Touch(seen, certain=True))
    bench.reconciler.settle()
    assert sum(1 for _ in looking) > 0
    assert names(bench) == ["a.tif", "c.tif", "new.tif"]


@pytest.fixture
def looking(make: Make, root: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Bench, Iterator[int]]:
    """A first look at a full folder that has seen its first file, where nobody tells of changes."""
    monkeypatch.setattr("file_watcher.existing.LOOKS", 1)
    monkeypatch.setattr("file_watcher.existing.COARSE_NS", 0)
    for name in ("a/1.tif", "b/2.tif", "c/3.tif"):
        put(root, name, NEW_YEAR_NS)
    with monkeypatch.context() as patch:
        patch.setattr(Reconciler, "begin", lambda _: None)
        bench = make("ignore")
    steps = bench.reconciler.beginning()
    next(steps)
    next(steps)
    return bench, steps


def test_what_comes_to_a_share_during_the_first_look_is_taken(looking: tuple[Bench, Iterator[int]], root: Path) -> None:
    bench, steps = looking
    put(root, "a/copied.tif", NEW_YEAR_NS)
    put(root, "b/2.tif")
    put(root, "b/written.tif")
    assert sum(1 for _ in steps) > 0
    assert names(bench) == ["a/copied.tif", "b/2.tif", "b/written.tif"]


@pytest.mark.parametrize("empty", [False, True])
def test_a_share_that_goes_away_during_the_first_look_has_not_been_looked_at(
    looking: tuple[Bench, Iterator[int]], root: Path, tmp_path: Path, *, empty: bool
) -> None:
    bench, steps = looking
    root.rename(tmp_path / "away")
    if empty:
        root.mkdir()
    with pytest.raises((FileNotFoundError, ServiceUnavailable)):
        sum(1 for _ in steps)
    if empty:
        root.rmdir()
    (tmp_path / "away").rename(root)
    bench.reconciler.begin()
    assert names(bench) == []


def test_an_exact_copy_over_an_old_file_is_no_capture_of_the_old_one(make: Make, root: Path) -> None:
    """An old file's digest was never read: whatever replaces it is its first capture."""
    put(root, "old.tif", NEW_YEAR_NS)
    bench = make("ignore")
    put(root, "copy.tmp", NEW_YEAR_NS).replace(root / "old.tif")
    bench.rest()
    assert bench.contents() == [("old.tif", 1, hashlib.sha256(b"copy.tmp").hexdigest())]


def test_years_far_off_are_no_reason_to_stumble() -> None:
    assert existing_of("since 0001-01-01T00:00Z").since_ns < 0
    assert existing_of("take").since_ns == 0
