"""Many small files at once through the whole chain: files a second, and what one file costs each process.

`python -m benchmarks.chain --files 1000`: the copying pipeline stands for any, so what is measured is the relay alone.
"""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import psutil
import typer

from benchmarks.relay import relay_settings
from labrelay.session import Session, running

LOOK_S = 0.25


def measure_chain(root: Path, files: int, size: int) -> dict[str, Any]:
    """Write `files` files of `size` bytes at once and wait until every copy lies beside them."""
    with running(relay_settings(root)) as session:
        session.await_ready()
        session.launcher.post("/api/v2/tasks", {"description": "copy", "selector": True, "pipeline": "only-file"})
        _burst(session, 10, size, "warm")
        before, peaks = _costs(session), Peaks(session)
        took, latencies = _burst(session, files, size, "burst", peaks)
        after = _costs(session)
        return {
            "files": files,
            "bytes_each": size,
            "files_per_s": round(files / took, 2),
            "latency_s": {"p50": round(latencies[files // 2], 2), "max": round(latencies[-1], 2)},
            "processor_ms_per_file": {name: round((after[name] - before[name]) * 1000 / files, 1) for name in after},
            "memory_growth_mb": peaks.growth_mb(),
        }


class Peaks:
    """The most memory that each process was seen to hold, beside what it held at first."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._first = self._now()
        self._most = dict(self._first)

    def look(self) -> None:
        """Note what they hold now."""
        self._most = {name: max(held, self._most.get(name, 0)) for name, held in self._now().items()}

    def growth_mb(self) -> dict[str, float]:
        """Growth by process, millions of bytes."""
        self.look()
        return {name: round((self._most[name] - self._first[name]) / 1e6, 1) for name in self._first}

    def _now(self) -> dict[str, int]:
        return {name: process.memory_info().rss for name, process in _processes(self._session)}


def _processes(session: Session) -> Iterator[tuple[str, psutil.Process]]:
    for child in session.tree.children:
        process = psutil.Process(child.pid)
        family = process.children()
        yield child.spec.name, family[0] if child.spec.name == "redis" and family else process


def _costs(session: Session) -> dict[str, float]:
    times = {name: process.cpu_times() for name, process in _processes(session)}
    return {name: each.user + each.system for name, each in times.items()}


def _burst(session: Session, files: int, size: int, name: str, peaks: Peaks | None = None) -> tuple[float, list[float]]:
    source, output = session.settings.folders[0].path / name, session.settings.oem.output_folder / name
    source.mkdir()
    started = time.monotonic()
    for number in range(files):
        (source / f"{number:05d}.tif").write_bytes(os.urandom(size))
    arrived: dict[str, float] = {}
    while len(arrived) < files:
        present = {path.name for path in output.glob("*-sim.tif")} if output.exists() else set()
        arrived |= {each: time.monotonic() - started for each in present - arrived.keys()}
        if peaks:
            peaks.look()
        time.sleep(LOOK_S)
    return time.monotonic() - started, sorted(arrived.values())


def main(
    files: Annotated[int, typer.Option(min=1, help="Files that are written at once.")] = 1000,
    kilobytes: Annotated[float, typer.Option(min=0.01, help="Size of each.")] = 10.0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures here.")] = None,
) -> None:
    """Measure and print."""
    with TemporaryDirectory(prefix="labrelay-bench-") as folder:
        text = json.dumps(measure_chain(Path(folder), files, int(kilobytes * 1e3)), indent=1)
    print(text)
    if json_file:
        json_file.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
