"""The service really started by `bentoml serve` on a tiny model package, and a field of discs to count."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import requests
import tifffile

from labrelay.settings import Settings
from pipelines.counting.kind import Kind
from pipelines.counting.work import Counting
from tests.pipelines.segmentation.conftest import disc_field, save_package, tiny_network
from tests.polling import until
from tests.ports import take_port

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Field:
    path: Path
    count: int


@dataclass(frozen=True)
class Service:
    process: subprocess.Popen[bytes]
    url: str
    log: Path

    @property
    def worker(self) -> psutil.Process:
        (worker,) = psutil.Process(self.process.pid).children(recursive=True)
        return worker


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_package(tmp_path_factory.mktemp("model"), tiny_network())


@pytest.fixture
def discs(tmp_path: Path) -> Field:
    pixels, count = disc_field((300, 420), 24)
    tifffile.imwrite(tmp_path / "B02-s1.tif", pixels)
    return Field(tmp_path / "B02-s1.tif", count)


@pytest.fixture(scope="session")
def counting(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Counting:
    """A pipeline in this process."""
    return Counting.loaded(
        Kind("discs", "Discs", "Counts discs", model), Settings(data=tmp_path_factory.mktemp("data"))
    )


@contextmanager
def serving(
    folder: Path, model: Path, bento: str = "pipelines.nuclei.service:Nuclei", asked: str = "readyz", **environment: str
) -> Iterator[Service]:
    """`bentoml serve` as labrelay's supervisor runs it, until it answers what is asked."""
    port = take_port()
    own = {
        "LABRELAY_NUCLEI_MODEL": str(model),
        "LABRELAY_DATA": str(folder / "data"),
        "LABRELAY_PORTS__REGISTRY": str(take_port()),
        "BENTOML_DO_NOT_TRACK": "True",
        "BENTOML_HOME": str(folder / "bentoml"),
        "PYTHONPATH": str(ROOT),
        **environment,
    }
    words = ["serve", bento, "--host", "127.0.0.1", "--port", str(port)]
    log = folder / "service.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "bentoml", *words],
            cwd=folder,
            env={**os.environ, **own},
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
        )
    service = Service(process, f"http://127.0.0.1:{port}", log)
    family = [psutil.Process(process.pid)]
    try:
        until(lambda: _answers(service, asked), seconds=150)
        family += family[0].children(recursive=True)
        yield service
    finally:
        _end(family)
        process.wait()


def _answers(service: Service, question: str) -> bool:
    assert service.process.poll() is None, service.log.read_text()
    try:
        return requests.get(f"{service.url}/{question}", timeout=2).ok
    except requests.RequestException:
        return False


def _end(family: list[psutil.Process]) -> None:
    for process in family:
        if process.is_running():
            process.kill()
