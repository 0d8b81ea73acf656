"""Disks that fill up and disks that take no writes: the system's folders lie on file systems of their own (tmpfs).

Only root may mount. Without that right these faults are not injected, which the table says.
"""

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.fault import Fault, NotInjected
from tests.faults.moments import any_moment
from tests.faults.places import Places
from tests.faults.system import TwoSides
from tests.faults.words import await_words

SIZE = 10_000_000_000
"""Bytes that each disk may take of the memory; it takes what is written."""
Injection = Callable[[TwoSides, random.Random], AbstractContextManager[None]]


@dataclass(frozen=True)
class Disk:
    """A file system whose content stands at a place; the place can lose it and get it back, as a share's.

    Attributes:
        place: where labrelay sees it.
        behind: where it is mounted all the time.
    """

    place: Path
    behind: Path

    @classmethod
    def at(cls, place: Path) -> "Disk":
        """The disk of a place; `NotInjected` where there is none."""
        disk = cls(place, place.parent / ".disks" / place.name)
        if not disk.behind.is_mount():
            raise NotInjected("it needs the right to mount file systems")
        return disk

    def mount(self) -> None:
        """Make it, and let it stand at its place."""
        for folder in (self.place, self.behind):
            folder.mkdir(parents=True, exist_ok=True)
        call("mount", "-t", "tmpfs", "-o", f"size={SIZE}", "labrelay-test", str(self.behind))
        self.come_back()

    def unmount(self) -> None:
        """Give it back to the system, with all that it holds."""
        for folder in (self.place, self.behind):
            subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True)

    def go_away(self) -> None:
        """As a share that isn't mounted any more: its place is an empty folder now."""
        call("umount", "-l", str(self.place))

    def come_back(self) -> None:
        """Stand at the place again."""
        call("mount", "--bind", str(self.behind), str(self.place))

    @contextmanager
    def full(self) -> Iterator[None]:
        """No room for another byte until the block ends."""
        for _ in range(50):
            used = shutil.disk_usage(self.behind).used
            with_room = subprocess.run(self._resized(max(4096, used)), check=False, capture_output=True).returncode
            if not with_room and shutil.disk_usage(self.behind).free < 4096:
                break
        try:
            yield
        finally:
            call(*self._resized(SIZE))

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Nothing can be written until the block ends."""
        command = ("mount", "-o", "remount,bind,ro", str(self.place))
        for _ in range(200):
            if not subprocess.run(command, check=False, capture_output=True).returncode:
                break
            time.sleep(0.05)  # somebody is writing
        else:
            raise NotInjected("somebody was writing all the time")
        try:
            yield
        finally:
            call("mount", "-o", "remount,bind,rw", str(self.place))

    def _resized(self, size: int) -> tuple[str, ...]:
        return ("mount", "-o", f"remount,size={size}", str(self.behind))


def call(*command: str) -> None:
    """Run a command of the system that must go well."""
    subprocess.run(command, check=True, capture_output=True)


def can_mount() -> bool:
    """Whether this user may mount file systems here; tried in a name space of its own, so that nothing stays."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return False
    probe = ["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"]
    return not subprocess.run(probe, check=False, capture_output=True).returncode


@contextmanager
def own_disks(places: Places) -> Iterator[None]:
    """Images, results and both data folders on disks of their own until the block ends, where that may be."""
    with ExitStack() as stack:
        if can_mount():
            for place in (places.images, places.results, places.oem, places.gateway):
                disk = Disk(place, place.parent / ".disks" / place.name)
                stack.callback(disk.unmount)
                disk.mount()
            stack.callback(keep_logs, places)
        yield


def keep_logs(places: Places) -> None:
    """What lies on these disks is gone with them: the logs of the processes are copied beside the settings."""
    for place in (places.oem, places.gateway):
        for log in (place / "run").glob("*.log"):
            shutil.copyfile(log, places.settings / f"{place.name}-{log.name}")


def full(place: str, *words: str) -> Injection:
    """The disk of one of the places fills up at a random moment or stage, and has room again after some seconds."""

    @contextmanager
    def inject(sides: TwoSides, chance: random.Random) -> Iterator[None]:
        disk = Disk.at(getattr(sides.places, place))
        any_moment(sides, chance)
        with disk.full():
            sides.strike(1)
            await_words(sides, 30.0, *words)
            time.sleep(chance.uniform(0.0, 6.0))
        yield

    return inject


@contextmanager
def read_only_results(sides: TwoSides, chance: random.Random) -> Iterator[None]:
    """The output folder takes no writes for some seconds."""
    disk = Disk.at(sides.places.results)
    any_moment(sides, chance)
    with disk.read_only():
        sides.strike(1)
        await_words(sides, 30.0, "output folder", "read-only")
    yield


MAY = can_mount()
FAULTS = (
    Fault("gateway's disk full", full("gateway", "gateway", "disk", "full"), required=MAY),
    Fault("disk of the instrument's PC full", full("oem", "disk", "instrument's", "full"), required=MAY),
    Fault("disk of the output folder full", full("results", "disk of the output folder", "full"), required=MAY),
    Fault("output folder read-only", read_only_results, required=MAY),
)
