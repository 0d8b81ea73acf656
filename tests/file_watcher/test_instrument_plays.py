"""A random instrument against the real reconciler: whatever it does, the journal holds what a patient observer saw."""

import hashlib
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

NAMES = st.sampled_from(("A01.tif", "A02.tif", "plate/B01.tif", "plate/deep/B02.tif"))
CONTENTS = st.sampled_from((b"A", b"B", b"a longer content", b""))


class Instrument(RuleBasedStateMachine):
    """Writes, appends, renames and deletes while the watcher looks, rests or restarts.

    The model: a path's captures are its contents at the moments when the watcher had time to settle, without repeats.
    """

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp())
        (self.home / "input").mkdir()
        self.bench = Bench(settings_of(self.home / "data", self.home / "input"))
        self.expected: dict[str, list[bytes]] = {}
        self.tick = 1_600_000_000_000_000_000

    def teardown(self) -> None:
        self.bench.database.close()
        shutil.rmtree(self.home)

    def seen(self, path: str) -> None:
        """The model's side of a finished file."""
        whole = self.bench.root / path
        history = self.expected.setdefault(path, [])
        content = whole.read_bytes()
        if not history or history[-1] != content:
            history.append(content)

    def put(self, path: str, content: bytes, mode: str = "wb") -> Path:
        """Write, at a time of its own: the system's clock is too coarse for an instrument as quick as this one."""
        whole = self.bench.write(path, content, mode)
        self.tick += 1
        os.utime(whole, ns=(self.tick, self.tick))
        return whole

    @rule(path=NAMES, content=CONTENTS)
    def write(self, path: str, content: bytes) -> None:
        self.put(path, content)

    @rule(path=NAMES, content=CONTENTS)
    def write_and_close_heard(self, path: str, content: bytes) -> None:
        vouched = fingerprint_of(self.put(path, content))
        self.bench.reconciler.touched(path, Touch(vouched, certain=True))
        while self.bench.reconciler.next_due() == 0:
            self.bench.reconciler.settle()
        self.seen(path)

    @rule(path=NAMES, content=CONTENTS)
    def append_and_be_looked_at(self, path: str, content: bytes) -> None:
        self.put(path, content, "ab")
        self.bench.reconciler.scan()

    @rule(path=NAMES, new=NAMES)
    def rename(self, path: str, new: str) -> None:
        if (self.bench.root / path).exists():
            (self.bench.root / new).parent.mkdir(parents=True, exist_ok=True)
            (self.bench.root / path).replace(self.bench.root / new)

    @rule(path=NAMES)
    def delete(self, path: str) -> None:
        (self.bench.root / path).unlink(missing_ok=True)
        self.bench.reconciler.touched(path, Touch())

    @rule()
    def restart(self) -> None:
        self.bench.restart()

    @rule()
    def rest(self) -> None:
        self.bench.rest()
        for whole in self.bench.root.rglob("*.tif"):
            self.seen(whole.relative_to(self.bench.root).as_posix())

    @invariant()
    def the_journal_holds_what_was_finished(self) -> None:
        wanted = [
            (path, number, hashlib.sha256(content).hexdigest())
            for path, history in self.expected.items()
            for number, content in enumerate(history, start=1)
        ]
        assert self.bench.contents() == sorted(wanted)


Instrument.TestCase.settings = settings(
    max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestInstrument = Instrument.TestCase
