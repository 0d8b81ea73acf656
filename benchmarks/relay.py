"""The whole relay with a copy pipeline: files in, the same bytes back beside the instrument."""

import os
import shutil
import time
from pathlib import Path
from typing import Any

from labrelay.session import Session, free_ports, running, take_ports
from labrelay.settings import Settings, WatchedFolder
from labrelay.settings.model import Oem, Pipelines, Ports, Redis


def measure_relay(root: Path, files: int, size: int) -> dict[str, Any]:
    """Write `files` files of `size` bytes at once; seconds until all came back, beside a plain copy with fsync."""
    settings = relay_settings(root)
    with running(settings) as session:
        session.await_ready()
        task = {"description": "copy", "selector": True, "pipeline": "only-file"}
        session.launcher.post("/api/v2/tasks", task)
        _pass(session, 2, size, "warm")
        took, latencies = _pass(session, files, size, "measured")
    plain = _plain_copy(settings.folders[0].path / "measured", root / "plain")
    return {
        "files": files,
        "bytes_each": size,
        "files_per_s": round(files / took, 2),
        "megabytes_per_s": round(files * size / took / 1e6, 1),
        "latency_s": {"p50": round(latencies[len(latencies) // 2], 3), "max": round(latencies[-1], 3)},
        "times_a_plain_copy_with_fsync": round(took / plain, 2),
    }


def relay_settings(root: Path) -> Settings:
    """One machine below `root` with the copying pipeline, on ports of its own."""
    folder = WatchedFolder(name="input", path=root / "input")
    folder.path.mkdir()
    return Settings(
        data=root / "data",
        ports=free_ports(Ports()),
        redis=Redis(port=take_ports(1)[0]),
        oem=Oem(folders=(folder,), output_folder=root / "output"),
        pipelines=Pipelines(run=("simulator",)),
    )


def _pass(session: Session, files: int, size: int, name: str) -> tuple[float, list[float]]:
    source, output = session.settings.folders[0].path / name, session.settings.oem.output_folder / name
    source.mkdir()
    started = time.monotonic()
    written: dict[str, float] = {}
    for number in range(files):
        (source / f"{number:04d}.tif").write_bytes(os.urandom(size))
        written[f"{number:04d}-sim.tif"] = time.monotonic()
    arrived: dict[str, float] = {}
    while len(arrived) < files:
        present = {path.name for path in output.glob("*-sim.tif")} if output.exists() else set()
        arrived |= {name: time.monotonic() for name in present - arrived.keys()}
        time.sleep(0.02)
    return time.monotonic() - started, sorted(arrived[name] - written[name] for name in written)


def _plain_copy(source: Path, target: Path) -> float:
    target.mkdir()
    started = time.monotonic()
    for path in source.iterdir():
        shutil.copyfile(path, target / path.name)
        with (target / path.name).open("rb+") as stream:
            os.fsync(stream.fileno())
    return time.monotonic() - started
