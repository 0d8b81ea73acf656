"""`labrelay oem` and `labrelay gateway` with settings, data folders and ports of their own, joined by the edge port."""

import ipaddress
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from labrelay.processes import await_end
from labrelay.supervisor import GATEWAY, OEM
from tests.chain.commands import Side, of_folder, settings_file, start
from tests.chain.jobs import Jobs
from tests.chain.system import Findings, Instrument, judge_copies
from tests.polling import until
from tests.ports import take_ports

pytestmark = [pytest.mark.process, pytest.mark.timeout(180)]


@dataclass
class TwoSides:
    """The instrument's PC and the gateway."""

    oem: Side
    gateway: Side
    instrument: Instrument
    output: Path

    @property
    def jobs(self) -> Jobs:
        return Jobs(self.gateway.repository)

    def settle(self) -> Findings:
        """Wait until every written file is complete and there, then look for doubles."""
        until(lambda: self.jobs.complete(list(self.instrument.written)), "all complete", 90, pause_s=0.2)
        return judge_copies(self.instrument.written, self.output)


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoSides]:
    gateway = start("gateway", gateway_file(tmp_path_factory.mktemp("gateway")))
    oem = start("oem", oem_file(tmp_path_factory.mktemp("instrument"), gateway.settings.ports.edge))
    task = {"description": "every file", "selector": True, "pipeline": "only-file"}
    gateway.launcher.post("/api/v2/tasks", task)
    both = TwoSides(oem, gateway, Instrument(oem.settings.folders[0].path), oem.settings.oem.output_folder)
    yield both
    both.oem.stop()
    both.gateway.stop()


def gateway_file(root: Path) -> Path:
    names = [*(port for _, port in GATEWAY.values()), "edge"]
    *numbers, redis_port = take_ports(len(names) + 1)
    lines = f'[redis]\nport = {redis_port}\n[pipelines]\nrun = ["simulator"]\n[launcher]\nlease_s = 3.0\nattempts = 20'
    return settings_file(root / "gateway.toml", root / "data", dict(zip(names, numbers, strict=True)), lines)


def oem_file(root: Path, edge: int) -> Path:
    """It knows its own ports and the edge's address, and no other port of the gateway."""
    names = [port for _, port in OEM.values()]
    lines = f"""[oem]
instrument = "reader-1"
edge_url = "http://127.0.0.1:{edge}"
output_folder = "{(root / "results").as_posix()}"
rescan_s = 2.0
[[oem.folders]]
path = "{(root / "images").as_posix()}"
stable_s = 0.3"""
    (root / "images").mkdir()
    numbers = take_ports(len(names))
    return settings_file(root / "oem.toml", root / "data", dict(zip(names, numbers, strict=True)), lines)


def test_files_go_over_the_edge_and_come_back(sides: TwoSides) -> None:
    sides.instrument.write_plate(6, pause_s=0.02)
    assert sides.settle().well
    assert {job["source"]["instrument"] for job in sides.jobs.of("plate1")} == {"reader-1"}


def test_the_instruments_side_opens_nothing_but_loopback_and_calls_nothing_but_the_edge(sides: TwoSides) -> None:
    own = {getattr(sides.oem.settings.ports, port) for _, port in OEM.values()}
    writing = threading.Thread(target=sides.instrument.write_plate, args=(6, 0.1, "plate2"))
    writing.start()
    listening, called = set(), set()
    while writing.is_alive():
        for process in [psutil.Process(sides.oem.process.pid), *sides.oem.family()]:
            for connection in process.net_connections("inet"):
                if connection.status == psutil.CONN_LISTEN:
                    listening.add(connection.laddr)
                elif connection.raddr and connection.laddr.port not in own:
                    called.add(connection.raddr.port)
        writing.join(0.05)
    assert sides.settle().well
    assert {address.port for address in listening} == own
    assert all(ipaddress.ip_address(address.ip).is_loopback for address in listening)
    assert called - own == {sides.gateway.settings.ports.edge}


def test_a_killed_gateway_ends_with_all_its_processes_and_a_new_one_goes_on(sides: TwoSides) -> None:
    writing = threading.Thread(target=sides.instrument.write_plate, args=(20, 0.1, "plate3"))
    writing.start()
    until(lambda: len([name for name in sides.instrument.written if "plate3" in name]) > 8, "half of it is written")
    left = sides.gateway.kill()
    assert len(left) >= 4, "gateway, simulator, Redis and its process"
    assert await_end(left, 20) == []
    assert of_folder(sides.gateway.settings.data) == []
    sides.gateway = start("gateway", sides.gateway.config)
    writing.join()
    assert sides.settle().well


def test_jobs_wait_while_the_instruments_pc_is_off_and_complete_when_it_is_back(sides: TwoSides) -> None:
    sides.gateway.launcher.post("/api/v2/pipelines/only-file/pause")
    names = [f"weekend/{number}.tif" for number in range(5)]
    for name in names:
        sides.instrument.write(name)
    until(lambda: at(sides, "ready") == set(names), "all inputs are on the gateway")
    sides.oem.stop()
    sides.gateway.launcher.post("/api/v2/pipelines/only-file/resume")
    until(lambda: at(sides, "returning") == set(names), "all results wait for the instrument's PC")
    sides.instrument.write("weekend/while it was off.tif")
    assert not (sides.output / "weekend").exists()
    sides.oem = start("oem", sides.oem.config)
    assert sides.settle().well


def at(sides: TwoSides, stage: str) -> set[str]:
    return {job["source"]["path"] for job in sides.jobs.of("weekend/") if job["stage"] == stage}
