"""The OEM side runs on the base install: neither Redis nor numerics are loaded."""

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("redis", "numpy", "openvino", "bentoml", "cv2", "skimage", "tifffile", "torch")
PROGRAM = (
    f"import sys, file_watcher.app, data_organizer.app; sys.exit(str([h for h in {HEAVY} if h in sys.modules] or ''))"
)


@pytest.mark.process
def test_watcher_and_organizer_load_nothing_heavy() -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=root, capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""
