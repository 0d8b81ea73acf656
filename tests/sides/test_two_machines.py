"""The two sides on two machines, as far as the network goes: namespaces of their own, a cable, and one open port."""

import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.chain.commands import Side, start
from tests.polling import until
from tests.sides.conftest import PIPELINE, gateway_file
from tests.sides.instruments import Instrument, instrument
from tests.sides.namespaces import Namespace, two_namespaces

pytestmark = [pytest.mark.process, pytest.mark.timeout(400)]

SCAN = """
import socket, sys
address, *ports = sys.argv[1:]
for port in ports:
    with socket.socket() as probe:
        probe.settimeout(2)
        if not probe.connect_ex((address, int(port))):
            print(port)
"""


@dataclass
class TwoMachines:
    """Both sides, the cable's ends and the instrument."""

    near: Namespace
    far: Namespace
    oem: Side
    gateway: Side
    reader: Instrument


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoMachines]:
    with two_namespaces() as (near, far):
        config = gateway_file(tmp_path_factory.mktemp("gateway"), f'hosts = ["{far.address}"]')
        gateway = start("gateway", config, python=far.python)
        port = str(gateway.settings.ports.edge)
        proxy = subprocess.Popen([*far.python, "-m", "tests.sides.edge_port", far.address, port])
        reader = instrument(tmp_path_factory.mktemp("reader"), "far-reader", f"http://{far.address}:{port}")
        oem = start("oem", reader.config, python=near.python)
        far.run("labrelay", "task", "add", "--pipeline", PIPELINE, "--config", str(config))
        yield TwoMachines(near, far, oem, gateway, reader)
        oem.stop()
        proxy.terminate()
        proxy.wait()
        gateway.stop()


def test_nothing_but_the_edge_port_is_open_between_them(machines: TwoMachines, tmp_path: Path) -> None:
    scan = tmp_path / "scan.py"
    scan.write_text(SCAN)
    ports = [str(port) for port in machines.gateway.settings.ports.model_dump().values()]
    command = [*machines.near.python, str(scan), machines.far.address, *ports]
    found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.split()
    assert found == [str(machines.gateway.settings.ports.edge)]
    with socket.socket() as probe:  # this machine itself is on neither side
        probe.settimeout(1)
        assert probe.connect_ex(("127.0.0.1", machines.gateway.settings.ports.edge)) != 0


def test_pulled_cables_lose_and_double_nothing(machines: TwoMachines) -> None:
    """The cable is out for a moment and for longer than calls wait; files go on being written all the while."""
    writing = threading.Thread(target=write_slowly, args=(machines.reader, 20))
    writing.start()
    for outage_s in (0.5, 4.0):
        until(lambda: machines.reader.came_back(), "files come back", 120, 0.1)
        machines.near.set_link("down")
        time.sleep(outage_s)
        machines.near.set_link("up")
        time.sleep(0.5)
    writing.join()
    until(machines.reader.has_exactly_its_own, "everything is back once", 200, 0.5)


def write_slowly(reader: Instrument, count: int) -> None:
    for number in range(count):
        reader.write(f"plate1/C{number:02d}.tif")
        time.sleep(0.3)
