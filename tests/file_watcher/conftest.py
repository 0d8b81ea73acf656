"""A watched folder, a real journal, and a watcher that runs or is driven by hand with an injected clock."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from file_watcher.acceptance import Acceptances
from file_watcher.database import Database
from file_watcher.folder import folders_of
from file_watcher.journal import Journal
from file_watcher.outputs import Outputs
from file_watcher.overview import Overview
from file_watcher.reconciler import Reconciler
from file_watcher.watcher import Watcher
from labrelay.http import Client
from labrelay.settings import Settings
from labrelay.settings.model import Section, WatchedFolder
from tests.polling import until


def changed(settings: Settings, **values: object) -> Settings:
    """The same settings with other values for its one watched folder."""
    folder = settings.folders[0].model_copy(update=values)
    return with_folders(settings, folder)


def with_folders(settings: Settings, *folders: WatchedFolder) -> Settings:
    oem: Section = settings.oem.model_copy(update={"folders": folders})
    return settings.model_copy(update={"oem": oem})


@dataclass
class Bench:
    """One reconciler over a real folder and a real journal; time passes only when the test says so."""

    settings: Settings
    now: float = 0.0
    database: Database = field(init=False)
    reconciler: Reconciler = field(init=False)

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.database = Database(self.settings.oem_layout.journal)
        self.database.open()
        folder = folders_of(self.settings)[0]
        receiver = Client.of(self.settings, "file_receiver_oem", read_s=5.0, retries=0)
        outputs = Outputs(self.settings.oem.output_folder, receiver)
        self.reconciler = Reconciler(folder, Journal(self.database), outputs, lambda: self.now)
        self.reconciler.begin()

    def restart(self) -> None:
        self.database.close()
        self.begin()

    @property
    def root(self) -> Path:
        return self.reconciler.folder.root

    @property
    def acceptances(self) -> Acceptances:
        return Acceptances(self.database)

    def write(self, path: str, content: bytes, mode: str = "wb") -> Path:
        whole = self.root / path
        whole.parent.mkdir(parents=True, exist_ok=True)
        with whole.open(mode) as stream:
            stream.write(content)
        return whole

    def rest(self) -> None:
        """Scan, let the stable time pass, and settle."""
        self.reconciler.scan()
        self.now += self.settings.folders[0].stable_s + 0.01
        while self.reconciler.next_due() == 0:
            self.reconciler.settle()

    def contents(self, path: str | None = None) -> list[tuple[str, int, str]]:
        rows = Overview(self.database).entries(path, limit=1000).items
        return sorted((row.path, row.generation, row.sha256) for row in rows)


@pytest.fixture
def bench(settings: Settings) -> Iterator[Bench]:
    made = Bench(settings)
    yield made
    made.database.close()


@pytest.fixture
def running(settings: Settings) -> Iterator[Watcher]:
    watcher = Watcher(settings)
    watcher.start()
    until(lambda: watcher.lookouts["input"].watched)
    yield watcher
    watcher.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Watchdog warns in its own threads when it meets a reused id; as an error that would end the shared thread."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.filterwarnings("default::RuntimeWarning"))
