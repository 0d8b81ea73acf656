"""A process that ends without warning, at every point of a file's way: nothing is lost, nothing doubled."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from tests.file_watcher.abrupt import CAPTURE, DEAD, POINTS, settings_of
from tests.file_watcher.conftest import Bench

ROOT = Path(__file__).parents[2]


@pytest.mark.process
@pytest.mark.parametrize("point", POINTS)
def test_an_abrupt_stop_loses_and_doubles_nothing(point: str, tmp_path: Path) -> None:
    data, folder = tmp_path / "data", tmp_path / "input"
    folder.mkdir()
    for name in ("A01.tif", "A02.tif"):
        (folder / name).write_bytes(name.encode())
    command = [sys.executable, "-m", "tests.file_watcher.abrupt", str(data), str(folder), point]
    assert subprocess.run(command, cwd=ROOT, check=False, timeout=60).returncode == DEAD
    bench = Bench(settings_of(data, folder))
    bench.rest()
    assert bench.contents() == [(n, 1, hashlib.sha256(n.encode()).hexdigest()) for n in ("A01.tif", "A02.tif")]
    accepted = 1 if point == "after_accepting" else 0
    assert len(bench.acceptances.pending(["input"], 10)) == 2 - accepted
    bench.write("A01.tif", b"next content")
    bench.rest()
    forerunners = {row["path"]: row["forerunner"] for row in bench.acceptances.pending(["input"], 10)}
    assert forerunners["A01.tif"] == (CAPTURE if accepted else None)
    bench.database.close()
