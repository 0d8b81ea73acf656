"""A random instrument against the real reconciler: whatever it does, the gateway holds what a patient observer saw."""

import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from file_watcher.completion import Touch, fingerprint_of
from tests.file_watcher.abrupt import settings_of
from tests.file_watcher.conftest import Bench
from tests.file_watcher.gateway import Gateway, History, hurry

NAMES = st.sampled_from(("A01.tif", "A02.tif", "plate/A01.tif", "plate/deep/B02.tif"))
CONTENTS = st.sampled_from((b"A", b"B", b"a longer content", b""))


class HastyBench(Bench):
    """Without waiting for the disk at every commit."""

    def begin(self) -> None:
        super().begin()
        hurry(self.database)
        self.database.close()


class Instrument(RuleBasedStateMachine):
    """Writes, appends, renames, deletes and restores while the watcher looks, rests, restarts or loses its journal.

    The model: a path's captures are its contents at the moments when the watcher had time to settle, without repeats.
    """

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp())
        for folder in ("input", "elsewhere"):
            (self.home / folder).mkdir()
        self.bench = HastyBench(settings_of(self.home / "data", self.home / "input"))
        self.gateway, self.history = Gateway(), History()
        self.tick = 1_600_000_000_000_000_000

    def teardown(self) -> None:
        self.bench.database.close()
        shutil.rmtree(self.home)

    def put(self, path: str, content: bytes, mode: str = "wb") -> Path:
        """Write, at a time of its own: the system's clock is too coarse for an instrument as quick as this one."""
        if (self.bench.root / path).is_dir():
            shutil.rmtree(self.bench.root / path)
        whole = self.bench.write(path, content, mode)
        self.tick += 1
        os.utime(whole, ns=(self.tick, self.tick))
        return whole

    def hear_closing(self, path: str) -> None:
        vouched = fingerprint_of(self.bench.root / path)
        self.bench.reconciler.touched(path, Touch(vouched, certain=True))
        while self.bench.reconciler.next_due() == 0:
            self.bench.reconciler.settle()
        self.history.saw(path, (self.bench.root / path).read_bytes())

    def move(self, source: Path, target: Path) -> None:
        if source.is_file() and source != target and not target.is_dir():
            target.parent.mkdir(parents=True, exist_ok=True)
            source.replace(target)

    @rule(path=NAMES, content=CONTENTS)
    def write(self, path: str, content: bytes) -> None:
        self.put(path, content)

    @rule(path=NAMES, content=CONTENTS)
    def write_and_close_heard(self, path: str, content: bytes) -> None:
        self.put(path, content)
        self.hear_closing(path)

    @rule(path=NAMES, content=CONTENTS)
    def append_and_be_looked_at(self, path: str, content: bytes) -> None:
        self.put(path, content, "ab")
        self.bench.reconciler.scan()

    @rule(path=NAMES)
    def write_the_same_again(self, path: str) -> None:
        if (self.bench.root / path).is_file():
            self.put(path, (self.bench.root / path).read_bytes())

    def one_byte(self, path: str) -> tuple[Path, bytes, int]:
        """A settled file of one byte, the other byte, and the file's time."""
        whole = self.bench.root / path
        if not whole.is_file() or whole.stat().st_size != 1:
            self.put(path, b"A")
        self.rest()
        return whole, b"B" if whole.read_bytes() == b"A" else b"A", whole.stat().st_mtime_ns

    @rule(path=NAMES)
    def change_it_in_place_and_leave_size_and_time(self, path: str) -> None:
        """Only its close tells of it; a scan can't."""
        whole, other, time_ns = self.one_byte(path)
        whole.write_bytes(other)
        os.utime(whole, ns=(time_ns, time_ns))
        self.hear_closing(path)

    @rule(path=NAMES)
    def replace_it_by_one_of_the_same_size_and_time(self, path: str) -> None:
        whole, other, time_ns = self.one_byte(path)
        new = self.bench.write("new.tmp", other)
        os.utime(new, ns=(time_ns, time_ns))
        new.replace(whole)
        self.rest()

    @rule(path=NAMES, back=st.integers(0, 3))
    def restore_an_old_content_with_its_old_time(self, path: str, back: int) -> None:
        if history := self.history.contents.get(path):
            whole = self.put(path, history[back % len(history)])
            long_ago = 1_500_000_000_000_000_000 + back % len(history)
            os.utime(whole, ns=(long_ago, long_ago))

    @rule(path=NAMES, days=st.integers(1, 1000))
    def write_with_a_clock_that_is_ahead(self, path: str, days: int) -> None:
        whole = self.put(path, b"%d days ahead" % days)
        ahead = 4_000_000_000_000_000_000 + days
        os.utime(whole, ns=(ahead, ahead))

    @rule(path=NAMES, new=NAMES)
    def rename(self, path: str, new: str) -> None:
        self.move(self.bench.root / path, self.bench.root / new)

    @rule(path=NAMES)
    def move_out(self, path: str) -> None:
        self.move(self.bench.root / path, self.home / "elsewhere" / "A.tif")

    @rule(path=NAMES)
    def move_in(self, path: str) -> None:
        self.move(self.home / "elsewhere" / "A.tif", self.bench.root / path)

    @rule()
    def rename_a_folder(self) -> None:
        folder, other = self.bench.root / "plate", self.bench.root / "moved"
        source, target = (folder, other) if folder.exists() else (other, folder)
        if source.is_dir() and not target.exists():
            source.rename(target)

    @rule(path=NAMES)
    def put_a_folder_in_its_place(self, path: str) -> None:
        self.delete(path)
        (self.bench.root / path).mkdir(parents=True, exist_ok=True)

    @rule(path=NAMES)
    def delete(self, path: str) -> None:
        if (self.bench.root / path).is_file():
            (self.bench.root / path).unlink()
        self.bench.reconciler.touched(path, Touch())

    @rule()
    def restart(self) -> None:
        self.bench.restart()

    @rule()
    def lose_the_journal(self) -> None:
        self.bench.database.close()
        shutil.rmtree(self.bench.settings.oem_layout.journal.parent)
        self.bench.begin()
        self.rest()

    @rule()
    def restore_the_gateway(self) -> None:
        self.gateway.restored()

    @rule()
    def rest(self) -> None:
        self.bench.rest()
        for whole in self.bench.root.rglob("*.tif"):
            if whole.is_file():
                self.history.saw(whole.relative_to(self.bench.root).as_posix(), whole.read_bytes())

    @invariant()
    def the_gateway_holds_what_was_finished(self) -> None:
        self.gateway.hear(self.bench.acceptances)
        assert self.gateway.digests() == self.history.digests()


Instrument.TestCase.settings = settings(
    max_examples=16,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
TestInstrument = Instrument.TestCase
