"""More events than the system keeps (inotify: 16,384): while the watcher is stopped a burst fills the queue."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.polling import until

ROOT = Path(__file__).parents[2]
LIMIT = Path("/proc/sys/fs/inotify/max_queued_events")
pytestmark = pytest.mark.skipif(not LIMIT.exists(), reason="Windows and macOS have other queues than inotify's")
Tell = Callable[[], dict[str, Any]]


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    (tmp_path / "input" / "old").mkdir(parents=True)
    command = [sys.executable, "-m", "tests.file_watcher.stopped", str(tmp_path / "data"), str(tmp_path / "input")]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.send_signal(signal.SIGCONT)
        process.communicate(timeout=30)


@pytest.fixture
def tell(process: subprocess.Popen[str]) -> Tell:
    def asked() -> dict[str, Any]:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("tell\n")
        process.stdin.flush()
        answer: dict[str, Any] = json.loads(process.stdout.readline())
        return answer

    return asked


def overfill(folder: Path) -> None:
    """Writes by turns into two files, as like events that follow each other count as one; more than the queue holds."""
    with (folder / "one.tmp").open("wb", buffering=0) as one, (folder / "other.tmp").open("wb", buffering=0) as other:
        for _ in range(int(LIMIT.read_text()) // 2 + 100):
            one.write(b"x")
            other.write(b"x")


@pytest.mark.process
def test_what_the_system_forgot_to_tell_is_found(process: subprocess.Popen[str], tell: Tell, tmp_path: Path) -> None:
    folder = tmp_path / "input"
    assert tell() == {"lost": 0.0, "paths": []}
    process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED)  # until then it still takes events off the queue
    overfill(folder)
    expected = ["A01.tif", "new/deep/B01.tif", "old/C01.tif"]
    for path in expected:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(path.encode())
    process.send_signal(signal.SIGCONT)
    until(lambda: tell()["paths"] == expected, seconds=60)
    assert tell()["lost"] >= 1
    (folder / "new" / "deep" / "B02.tif").write_bytes(b"heard again")
    until(lambda: "new/deep/B02.tif" in tell()["paths"], seconds=60)
