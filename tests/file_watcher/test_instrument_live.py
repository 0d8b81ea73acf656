"""A random instrument against the real watcher, with its threads, the system's events and a journal on disk.

Few examples of what `test_instrument_plays` tries many of: here it counts that events come as they are thought to.
"""

import os
import shutil
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from file_watcher.watcher import Watcher
from labrelay.settings import Settings, WatchedFolder
from labrelay.settings.model import Oem
from tests.file_watcher.gateway import Gateway, History, hurry
from tests.polling import until

NAMES = st.sampled_from(("A01.tif", "A02.tif", "plate/A01.tif", "plate/deep/B02.tif"))
CONTENTS = st.sampled_from((b"A", b"B", b"a longer content", b""))
STABLE_S = 0.05
LAST = "last.txt"
"""Written after each act: when it is captured, everything that was heard before it was looked at."""


class LiveInstrument(RuleBasedStateMachine):
    """After each act the watcher gets the time to settle, so that its captures are exactly the finished contents."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp())
        self.root = self.home / "input"
        for folder in (self.root, self.home / "elsewhere"):
            folder.mkdir()
        rule = WatchedFolder(path=self.root, stable_s=STABLE_S)
        oem = Oem(folders=(rule,), output_folder=self.home / "output", rescan_s=3600.0)
        self.settings = Settings(data=self.home / "data", oem=oem)
        self.gateway, self.history = Gateway(), History()
        self.acts = 0
        self.start()

    def teardown(self) -> None:
        self.watcher.stop()
        shutil.rmtree(self.home)

    def start(self) -> None:
        self.watcher = Watcher(self.settings)
        hurry(self.watcher._database)
        self.watcher.start()
        until(lambda: self.watcher.lookouts["input"].watched)

    def settle(self) -> None:
        """Wait until what was done is dealt with, and only then look at what the disk holds."""
        self.acts += 1
        (self.root / LAST).write_bytes(b"%d" % self.acts)
        self.history.saw(LAST, b"%d" % self.acts)
        until(self.has_heard_all)
        for whole in self.root.rglob("*.tif"):
            self.history.saw(whole.relative_to(self.root).as_posix(), whole.read_bytes())

    def has_heard_all(self) -> bool:
        last = self.watcher.overview.entries(LAST, limit=1).items
        heard = bool(last) and last[0].generation == len(self.history.contents[LAST])
        return heard and self.watcher.reconcilers["input"].waiting == 0

    def file(self, path: str) -> Path:
        whole = self.root / path
        whole.parent.mkdir(parents=True, exist_ok=True)
        return whole

    @rule(path=NAMES, content=CONTENTS)
    def write(self, path: str, content: bytes) -> None:
        self.file(path).write_bytes(content)

    @rule(path=NAMES, first=CONTENTS, second=CONTENTS)
    def write_in_pieces_while_it_is_looked_at(self, path: str, first: bytes, second: bytes) -> None:
        """Its folder is heard already: of a writer in a new one, whose beginning nobody heard, only time can tell."""
        self.file(path)
        self.settle()
        with self.file(path).open("wb") as stream:
            stream.write(first)
            stream.flush()
            self.watcher.scan()
            time.sleep(2 * STABLE_S)
            stream.write(second)

    @rule(path=NAMES, content=CONTENTS)
    def append(self, path: str, content: bytes) -> None:
        with self.file(path).open("ab") as stream:
            stream.write(content)

    def one_byte(self, path: str) -> tuple[Path, bytes, int]:
        """A settled file of one byte, the other byte, and the file's time."""
        whole = self.file(path)
        if not whole.exists() or whole.stat().st_size != 1:
            whole.write_bytes(b"A")
            self.settle()
        return whole, b"B" if whole.read_bytes() == b"A" else b"A", whole.stat().st_mtime_ns

    @rule(path=NAMES)
    def change_it_in_place_and_leave_size_and_time(self, path: str) -> None:
        whole, other, time_ns = self.one_byte(path)
        with whole.open("r+b") as stream:
            stream.write(other)
            stream.flush()
            os.utime(whole, ns=(time_ns, time_ns))

    @rule(path=NAMES)
    def replace_it_by_one_of_the_same_size_and_time(self, path: str) -> None:
        whole, other, time_ns = self.one_byte(path)
        new = self.root / "new.tmp"
        new.write_bytes(other)
        os.utime(new, ns=(time_ns, time_ns))
        new.replace(whole)

    @rule(path=NAMES, back=st.integers(0, 3))
    def restore_an_old_content_with_its_old_time(self, path: str, back: int) -> None:
        if history := self.history.contents.get(path):
            backup = self.home / "elsewhere" / "backup"
            backup.write_bytes(history[back % len(history)])
            os.utime(backup, ns=(1_500_000_000_000_000_000, 1_500_000_000_000_000_000))
            shutil.copy2(backup, self.file(path))

    @rule(path=NAMES, new=NAMES)
    def rename(self, path: str, new: str) -> None:
        if (self.root / path).exists() and path != new:
            (self.root / path).replace(self.file(new))

    @rule(path=NAMES)
    def move_out(self, path: str) -> None:
        if (self.root / path).exists():
            (self.root / path).replace(self.home / "elsewhere" / "A.tif")

    @rule(path=NAMES)
    def move_in(self, path: str) -> None:
        if (self.home / "elsewhere" / "A.tif").exists():
            (self.home / "elsewhere" / "A.tif").replace(self.file(path))

    @rule()
    def rename_a_folder(self) -> None:
        folder, other = self.root / "plate", self.root / "moved"
        source, target = (folder, other) if folder.exists() else (other, folder)
        if source.is_dir() and not target.exists():
            source.rename(target)

    @rule(away=st.booleans())
    def move_a_folder_out_or_in(self, away: bool) -> None:
        inside, outside = self.root / "plate", self.home / "elsewhere" / "plate"
        source, target = (inside, outside) if away else (outside, inside)
        if source.is_dir() and not target.exists():
            source.rename(target)

    @rule(path=NAMES)
    def delete(self, path: str) -> None:
        (self.root / path).unlink(missing_ok=True)

    @rule(path=NAMES, content=CONTENTS, lost=st.booleans())
    def write_while_nobody_watches(self, path: str, content: bytes, lost: bool) -> None:
        self.watcher.stop()
        if lost:
            shutil.rmtree(self.settings.oem_layout.journal.parent)
            self.history.contents[LAST] = []
        self.file(path).write_bytes(content)
        self.start()
        until(partial(lambda look: look.progress is not None, self.watcher.reconcilers["input"]))

    @rule()
    def restore_the_gateway(self) -> None:
        self.gateway.restored()

    @invariant()
    def the_gateway_holds_what_was_finished(self) -> None:
        self.settle()
        self.gateway.hear(self.watcher.acceptances)
        held, seen = self.gateway.digests(), self.history.digests()
        assert held.pop(LAST)
        assert seen.pop(LAST)
        assert held == seen


LiveInstrument.TestCase.settings = settings(
    max_examples=5,
    stateful_step_count=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
TestLiveInstrument = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="Windows and macOS don't tell closes, so that acts melt into one"
)(LiveInstrument.TestCase)
