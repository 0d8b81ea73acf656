"""Instruments that share one gateway: their settings, what each wrote, and what lies in each one's output folder."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from labrelay.files import is_temporary
from labrelay.settings import Settings, load_settings
from labrelay.supervisor import OEM
from tests.chain.commands import settings_file
from tests.polling import until
from tests.ports import take_ports


@dataclass
class Instrument:
    """One instrument with its side's settings; `written`: name → SHA-256 of its content."""

    name: str
    config: Path
    written: dict[str, str] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        return load_settings(self.config)

    def write(self, name: str, content: bytes | None = None) -> None:
        data = os.urandom(3000) if content is None else content
        path = self.settings.folders[0].path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self.written[name] = hashlib.sha256(data).hexdigest()

    def came_back(self) -> list[str]:
        """The digests of everything in the output folder, sorted; unfinished files show as their names."""
        files = [path for path in self.settings.oem.output_folder.rglob("*") if path.is_file()]
        own = [path for path in files if ".labrelay" not in path.parts]
        return sorted(path.name if is_temporary(path.name) else _digest(path) for path in own)

    def has_exactly_its_own(self) -> bool:
        """The pipeline copies, so each written content must be there once, and nothing else."""
        return self.came_back() == sorted(self.written.values())


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def instrument(root: Path, name: str, edge: str) -> Instrument:
    """Settings of an instrument's side as a person writes them: all alike but for the name."""
    folder = root / name
    images = folder / "images"
    images.mkdir(parents=True)
    lines = f"""log_level = "error"
[oem]
instrument = "{name}"
edge_url = "{edge}"
output_folder = "{(folder / "results").as_posix()}"
rescan_s = 3.0
[[oem.folders]]
path = "{images.as_posix()}"
stable_s = 0.3"""
    names = [port for _, port in OEM.values()]
    numbers = take_ports(len(names))
    ports = dict(zip(names, numbers, strict=True))
    return Instrument(name, settings_file(folder / "oem.toml", folder / "labrelay", ports, lines))


@contextmanager
def running_in_one_process(instruments: Sequence[Instrument]) -> Iterator[subprocess.Popen[bytes]]:
    """The sides of several instruments, as lean as can be."""
    configs = [str(each.config) for each in instruments]
    log = instruments[0].config.with_suffix(".log")
    with log.open("wb") as output:
        command = [sys.executable, "-m", "tests.sides.several", *configs]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        for each in instruments:
            until(lambda each=each: _serves(each.settings), f"{each.name} serves", 120)  # type: ignore[misc]
        yield process
    finally:
        process.terminate()
        process.wait(60)


def _serves(settings: Settings) -> bool:
    try:
        return requests.get(f"{settings.service_url('file_receiver_oem')}/readyz", timeout=5).ok
    except requests.RequestException:
        return False
