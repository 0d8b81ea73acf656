"""Two real sides whose parts are lost and replaced. `LABRELAY_DRILLS=1` runs the longer drills too."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from labrelay.http.client import Client
from tests.chain.commands import Side, start
from tests.chain.jobs import Jobs
from tests.chain.system import Findings, Instrument, judge_copies
from tests.chain.test_two_sides import gateway_file, oem_file
from tests.labrelay.cli.command_line import Answer, labrelay
from tests.polling import until

collect_ignore = [] if os.environ.get("LABRELAY_DRILLS") else ["test_longer_drills.py"]


@dataclass
class Lab:
    """One instrument's PC, and the gateway that stands there now."""

    root: Path
    oem: Side
    gateway: Side
    instrument: Instrument
    backup: Path

    def drop(self, *names: str) -> None:
        """The instrument writes images; all of them come to their end, also in the journal."""
        for name in names:
            self.instrument.write(name, pause_s=0.0)
        self.settle()

    def settle(self) -> Findings:
        names = list(self.instrument.written)
        until(lambda: Jobs(self.gateway.repository).complete(names), f"{len(names)} complete", 120, pause_s=0.3)
        until(lambda: self.closed() >= len(names), "the journal is closed", 60, pause_s=0.3)
        found = judge_copies(self.instrument.written, self.oem.settings.oem.output_folder)
        assert found.well, found
        return found

    def closed(self) -> int:
        """Rows of the journal, if all of them are closed."""
        watcher = Client.of(self.oem.settings, "file_watcher")
        states = [entry["state"] for entry in watcher.get("/api/v2/journal", params={"limit": "1000"})["items"]]
        return len(states) if set(states) == {"closed"} else 0

    def job_ids(self) -> set[str]:
        return {job["id"] for job in Jobs(self.gateway.repository).of("")}

    def ask(self, *words: str) -> Answer:
        return labrelay(*words, "--config", str(self.gateway.config))

    def restart_oem(self) -> None:
        self.oem.stop()
        self.oem = start("oem", self.oem.config)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    root = tmp_path_factory.mktemp("lab")
    gateway = start("gateway", gateway_file(root / "first"))
    (root / "pc").mkdir()
    oem = start("oem", oem_file(root / "pc", gateway.settings.ports.edge))
    lab = Lab(root, oem, gateway, Instrument(oem.settings.folders[0].path), root / "lab.tar.gz")
    task = {"description": "every file", "selector": True, "pipeline": "only-file"}
    gateway.launcher.post("/api/v2/tasks", task)
    yield lab
    lab.oem.stop()
    lab.gateway.stop()


def point_to(config: Path, edge: int) -> None:
    """What a person does on the instrument's PC."""
    lines = config.read_text(encoding="utf-8").splitlines()
    changed = [f'edge_url = "http://127.0.0.1:{edge}"' if line.startswith("edge_url") else line for line in lines]
    config.write_text("\n".join(changed) + "\n", encoding="utf-8")
