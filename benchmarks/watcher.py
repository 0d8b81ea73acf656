"""The watcher on a folder that is full already: files a second, memory, and how long a new file waits behind them."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from file_watcher.watcher import Watcher
from labrelay.settings import Settings, WatchedFolder
from labrelay.settings.model import Oem

PER_FOLDER = 1000


def measure_watcher(root: Path, files: int) -> list[dict[str, Any]]:
    """First looks at `files` tiny files that are there already, `existing` = ignore and = take, each in a process."""
    _fill(root / "input", files)
    return [_in_process(root, existing) for existing in ("ignore", "take")]


def _fill(folder: Path, files: int) -> None:
    for number in range(files):
        path = folder / f"{number // PER_FOLDER:04d}" / f"{number:06d}.tif"
        if number % PER_FOLDER == 0:
            path.parent.mkdir(parents=True)
        path.write_bytes(b"%d" % number)


def _in_process(root: Path, existing: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.watcher", str(root), existing]
    answer: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return answer


def _first_look(root: Path, existing: str) -> dict[str, Any]:
    folder = root / "input"
    files = sum(1 for _ in folder.rglob("*.tif"))
    rule = WatchedFolder(path=folder, existing=existing, stable_s=0.1)
    oem = Oem(folders=(rule,), output_folder=root / f"output-{existing}")
    watcher = Watcher(Settings(data=root / f"data-{existing}", oem=oem))
    before, processor, started = _memory(), time.process_time(), time.monotonic()
    watcher.start()
    new = _new_file(watcher, folder / f"new-{existing}.tif", started)
    peak = new.pop("peak")
    while not _is_done(watcher, files + 1 if existing == "take" else 1):
        peak = max(peak, _memory())
        time.sleep(0.1)
    took = time.monotonic() - started
    watcher.stop()
    return {
        "existing": existing,
        "files": files,
        "seconds": round(took, 2),
        "files_per_s": round(files / took),
        "processor_s": round(time.process_time() - processor, 2),
        "memory_growth_mb": round((max(peak, _memory()) - before) / 1e6, 1),
        "new_file": new,
    }


def _new_file(watcher: Watcher, path: Path, started: float) -> dict[str, Any]:
    """A file that is written a second after the start: how long it waits, and how many others it lets pass."""
    time.sleep(max(0.0, started + 1.0 - time.monotonic()))
    before, peak = _found(watcher), 0
    path.write_bytes(b"new")
    written = time.monotonic()
    while not watcher.overview.entries(path.name).items:
        peak = max(peak, _memory())
        time.sleep(0.05)
    let_pass = watcher.overview.entries(path.name).items[0].id - 1 - before
    return {"waited_s": round(time.monotonic() - written, 2), "let_pass": let_pass, "peak": peak}


def _is_done(watcher: Watcher, files: int) -> bool:
    progress = watcher.reconcilers["input"].progress
    return progress is not None and progress.done and _found(watcher) >= files


def _found(watcher: Watcher) -> int:
    return sum(sum(states.values()) for states in watcher.overview.counts().values())


def _memory() -> int:
    return int(psutil.Process().memory_info().rss)


if __name__ == "__main__":
    print(json.dumps(_first_look(Path(sys.argv[1]), sys.argv[2])))
