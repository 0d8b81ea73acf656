"""A lab that runs, as `labrelay demo` starts it: both sides, a simulated reader, the nuclei pipeline, the dashboard."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import requests

START_S: Final = 240.0
COUNTED: Final = re.compile(r"still running: (http://\S+)")
READY: Final = re.compile(r"dashboard: (http://\S+)")


@dataclass(frozen=True)
class Lab:
    """A running lab.

    Attributes:
        address: the dashboard's.
        root: where the demo's data lie; `instrument/images` below its run's folder is watched.
    """

    address: str
    root: Path

    def get(self, path: str, **options: Any) -> requests.Response:
        """A page or its twin."""
        return requests.get(self.address + path, timeout=30, **options)


@contextmanager
def running_lab(
    root: Path, images: int = 12, *arguments: str, rate: float = 20.0, counted: bool = True
) -> Iterator[Lab]:
    """Started until the block ends, its plate counted; without `counted`, from the moment that it can be looked at."""
    log = root / "demo.log"
    what = ["--keep", "--images", str(images), "--rate", str(rate), *arguments]
    command = [sys.executable, "-m", "labrelay", "demo", *what]
    with log.open("wb") as out:
        process = subprocess.Popen([*command, "--data", str(root / "demo")], cwd=root, stdout=out, stderr=out)
        try:
            yield Lab(_address(process, log, COUNTED if counted else READY), root)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _address(process: subprocess.Popen[bytes], log: Path, told: re.Pattern[str]) -> str:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        said = log.read_text(encoding="utf-8", errors="replace")
        if found := told.search(said.replace("\n", " ")):
            return found[1]
        assert process.poll() is None, f"the demo ended: {said[-3000:]}"
        time.sleep(0.2)
    raise AssertionError(f"no lab within {START_S} s: {log.read_text(encoding='utf-8')[-3000:]}")
