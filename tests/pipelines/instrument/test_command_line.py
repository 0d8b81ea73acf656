"""The command line writes a plate and says what it did."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.instrument import read_truth

pytestmark = pytest.mark.process


def test_it_writes_the_images_asked_for_and_their_truth(tmp_path: Path) -> None:
    done = _simulate(tmp_path, "--images", "3", "--size", "128", "--rate", "0", "--slow-every", "0")

    assert done.returncode == 0, done.stderr
    counts = read_truth(tmp_path / "truth")
    assert {file.relative_to(tmp_path / "out").as_posix() for file in (tmp_path / "out").rglob("*.tif")} == set(counts)
    assert f"3 images, {sum(counts.values())} nuclei" in done.stdout


def test_it_explains_an_impossible_plate(tmp_path: Path) -> None:
    done = _simulate(tmp_path, "--plate", "97")

    assert done.returncode == 2
    assert "97 wells" in done.stderr


def _simulate(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    folders = ["--output", str(folder / "out"), "--truth", str(folder / "truth")]
    command = [sys.executable, "-m", "pipelines.instrument", *folders, *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
