"""A whole system of real processes, an instrument that writes into it, and an oracle that only looks at folders."""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from labrelay.files import digest_file, is_temporary
from labrelay.http.client import Client
from labrelay.session import Session, running
from labrelay.settings import Ports, Settings, WatchedFolder
from labrelay.settings.model import Launcher, Oem, Pipelines, Redis
from tests.ports import take_ports


def chain_settings(root: Path, pipelines: tuple[str, ...] = ("simulator",), **oem: object) -> Settings:
    """Settings of one machine below `root`, all ports free, deadlines short enough for a test."""
    names = list(Ports.model_fields)
    numbers = take_ports(len(names) + 1)
    folder = WatchedFolder(name="input", path=root / "oem-files" / "input", stable_s=0.3)
    folder.path.mkdir(parents=True, exist_ok=True)
    sides = {"folders": (folder,), "output_folder": root / "oem-files" / "output", "rescan_s": 2.0, **oem}
    return Settings(
        data=root / "data",
        ports=Ports(**dict(zip(names, numbers, strict=False))),
        redis=Redis(port=numbers[-1]),
        oem=Oem.model_validate(sides),
        launcher=Launcher(lease_s=3.0, attempts=20),
        pipelines=Pipelines(run=pipelines),
    )


@dataclass
class Instrument:
    """Writes files of unique content, slowly and in chunks, and remembers their digests."""

    folder: Path
    written: dict[str, str] = field(default_factory=dict)

    def write(self, name: str, chunks: int = 3, pause_s: float = 0.01) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as stream:
            for _ in range(chunks):
                stream.write(os.urandom(20_000))
                stream.flush()
                time.sleep(pause_s)
        self.written[name] = digest_file(path)[0]

    def write_plate(self, wells: int, pause_s: float = 0.1, plate: str = "plate1") -> None:
        for number in range(wells):
            self.write(f"{plate}/run {number % 2}/A{number:02d}_s1.tif")
            time.sleep(pause_s)


@dataclass(frozen=True)
class Findings:
    """What the oracle found: digests that no output has, digests that several have, and unfinished files."""

    lost: list[str]
    doubled: list[str]
    unfinished: list[str]

    @property
    def well(self) -> bool:
        return not (self.lost or self.doubled or self.unfinished)


def judge_copies(written: dict[str, str], output: Path) -> Findings:
    """For the copy pipeline each written digest must lie exactly once below the output folder.

    Asked while the system runs, a temporary file may be renamed between the listing and the look: only finished
    files, which nobody takes away, are read.
    """
    files = [path for path in output.rglob("*") if path.is_file()] if output.exists() else []
    found = Counter(digest_file(path)[0] for path in files if not is_temporary(path.name))
    return Findings(
        lost=[name for name, digest in written.items() if not found[digest]],
        doubled=[name for name, digest in written.items() if found[digest] > 1],
        unfinished=[path.name for path in files if is_temporary(path.name)],
    )


@dataclass(frozen=True)
class Chain:
    """The running system with its instrument."""

    session: Session
    instrument: Instrument

    @property
    def output(self) -> Path:
        return self.session.settings.oem.output_folder

    def add_task(self, pipeline: str) -> None:
        body = {"description": f"every file → {pipeline}", "selector": True, "pipeline": pipeline}
        self.session.launcher.post("/api/v2/tasks", body)

    def pid(self, name: str) -> int | None:
        """Process id of a child while it runs."""
        (child,) = [child for child in self.session.tree.children if child.spec.name == name]
        return child.pid

    def kill(self, name: str) -> None:
        """kill -9 one process of the tree; the supervisor starts it again."""
        pid = self.pid(name)
        if pid is not None:
            family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
            for process in family:
                if process.is_running():
                    os.kill(process.pid, signal.SIGKILL)

    def findings(self, name: str) -> Findings:
        """What the oracle finds for one file, in its own sub-folder of the output."""
        return judge_copies({name: self.instrument.written[name]}, (self.output / name).parent)

    def settle(self, seconds: float = 90.0) -> Findings:
        """Wait until nothing is lost and no job is open any more, then look once more after a while for doubles."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and (judge_copies(self.instrument.written, self.output).lost or self.open_jobs()):
            time.sleep(0.2)
        time.sleep(1.0)
        return judge_copies(self.instrument.written, self.output)

    def open_jobs(self) -> int:
        return sum(count for stage, count in self.stages().items() if stage not in ("complete", "unmatched"))

    def stages(self) -> dict[str, int]:
        summary = Client(self.session.repository.base_url, retries=20).get("/api/v2/summary")
        return {stage: count for stage, count in summary["stages"].items() if count}


@contextmanager
def chain_of(settings: Settings) -> Iterator[Chain]:
    with running(settings) as session:
        session.await_ready()
        yield Chain(session, Instrument(settings.folders[0].path))
