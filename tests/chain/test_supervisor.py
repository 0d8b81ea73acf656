"""`labrelay up` itself is killed: its children end by themselves, and a new one goes on with the same data."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from labrelay.files import publish_bytes
from labrelay.processes import await_end
from tests.chain.commands import Side, of_folder, start
from tests.chain.jobs import Jobs
from tests.chain.system import Instrument, chain_settings, judge_copies
from tests.polling import until

pytestmark = [pytest.mark.process, pytest.mark.timeout(120)]


@dataclass
class Machine:
    """One machine with its supervisor of the moment."""

    up: Side
    instrument: Instrument

    def settle(self) -> None:
        jobs = Jobs(self.up.repository)
        until(lambda: jobs.complete(list(self.instrument.written)), "all complete")
        assert len(jobs.of("")) == len(self.instrument.written)
        findings = judge_copies(self.instrument.written, self.up.settings.oem.output_folder)
        assert findings.well, findings


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    root = tmp_path_factory.mktemp("machine")
    publish_bytes(chain_settings(root).model_dump_json().encode(), root / "labrelay.json")
    up = start("up", root / "labrelay.json")
    up.launcher.post("/api/v2/tasks", {"description": "every file", "selector": True, "pipeline": "only-file"})
    machine = Machine(up, Instrument(up.settings.folders[0].path))
    yield machine
    machine.up.stop()


def test_a_killed_supervisor_leaves_no_process_and_a_new_one_completes_everything(machine: Machine) -> None:
    writing = threading.Thread(target=machine.instrument.write_plate, args=(20,))
    writing.start()
    until(lambda: len(machine.instrument.written) > 8, "half of the plate is written")
    left = machine.up.kill()
    assert len(left) >= 5, "Redis and its process, gateway, simulator, OEM side"
    assert await_end(left, 20) == []
    assert of_folder(machine.up.settings.data) == []
    machine.up = start("up", machine.up.config)
    writing.join()
    machine.settle()


@pytest.mark.long
def test_a_supervisor_that_starts_at_once_ends_what_the_killed_one_left(machine: Machine) -> None:
    machine.instrument.write_plate(4, pause_s=0.0, plate="plate2")
    left = machine.up.kill()
    machine.up = start("up", machine.up.config)
    assert await_end(left, 0.1) == []
    machine.instrument.write_plate(2, plate="plate3")
    machine.settle()


def test_a_second_supervisor_on_the_same_data_is_refused_and_harms_nothing(machine: Machine) -> None:
    config = machine.up.config.with_name("second.json")
    config.write_bytes(machine.up.config.read_bytes())
    second = start("up", config, ready=False)
    assert second.process.wait(20) == 2
    assert b"already runs" in second.log.read_bytes()
    machine.instrument.write("a.tif")
    machine.settle()
