"""One gateway for all instruments of these tests, with the simulator's copying pipeline."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from labrelay.supervisor import GATEWAY
from tests.chain.commands import Side, settings_file, start
from tests.chain.jobs import Jobs
from tests.ports import take_ports

PIPELINE = "only-file"


@dataclass(frozen=True)
class Gateway:
    """A running `labrelay gateway`; `threads`: how many its process had before any instrument called."""

    side: Side
    threads: int

    @property
    def process(self) -> psutil.Process:
        return gateway_process(self.side)

    @property
    def edge(self) -> str:
        return f"http://127.0.0.1:{self.side.settings.ports.edge}"

    @property
    def jobs(self) -> Jobs:
        return Jobs(self.side.repository)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    side = start("gateway", gateway_file(tmp_path_factory.mktemp("gateway")))
    try:
        side.launcher.post("/api/v2/tasks", {"description": "copy", "selector": True, "pipeline": PIPELINE})
        yield Gateway(side, gateway_process(side).num_threads())
    finally:
        side.stop()


def gateway_process(side: Side) -> psutil.Process:
    return next(each for each in side.family() if each.cmdline()[-2:] == ["process", "gateway"])


def gateway_file(root: Path, more: str = "") -> Path:
    names = [*(port for _, port in GATEWAY.values()), "edge"]
    *numbers, redis_port = take_ports(len(names) + 1)
    lines = f'{more}\n[redis]\nport = {redis_port}\n[pipelines]\nrun = ["simulator"]'
    return settings_file(root / "gateway.toml", root / "data", dict(zip(names, numbers, strict=True)), lines)
