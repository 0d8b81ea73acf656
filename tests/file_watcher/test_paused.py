"""A paused watcher notices and doesn't read; after the pause nothing is missing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from file_watcher import reconciler
from file_watcher.journal import Journal
from file_watcher.outputs import Outputs
from file_watcher.reconciler import Reconciler
from labrelay.contracts.pauses import Pause
from labrelay.files import digest_file
from labrelay.http import Client
from labrelay.pause import PauseFiles
from labrelay.settings import Settings
from tests.file_watcher.conftest import Bench

ADA = Pause(by="Ada", since_ns=1)
LATER = 1_000.0


@pytest.fixture
def pauses(settings: Settings) -> PauseFiles:
    return PauseFiles(settings.oem_layout)


@pytest.fixture
def paused(settings: Settings, pauses: PauseFiles) -> Iterator[Bench]:
    bench = Bench(settings)
    outputs = Outputs(settings.oem.output_folder, Client.of(settings, "file_receiver_oem", read_s=5.0, retries=0))
    journal, folder = Journal(bench.database), bench.reconciler.folder
    bench.reconciler = Reconciler(folder, journal, outputs, lambda: bench.now, pauses)
    yield bench
    bench.database.close()


def contents(bench: Bench) -> dict[str, str]:
    return {path: sha256 for path, _, sha256 in bench.contents()}


def test_what_comes_meanwhile_waits_and_costs_no_busy_loop(paused: Bench, pauses: PauseFiles) -> None:
    pauses.set_here(ADA)
    written = {name: paused.write(name, name.encode()) for name in ("a.tif", "b.tif")}
    paused.reconciler.scan()
    paused.now = LATER
    assert paused.reconciler.settle() == 0
    assert paused.reconciler.waiting == 2
    assert paused.reconciler.next_due() >= 0.1
    pauses.set_here(None)
    assert paused.reconciler.next_due() == 0
    assert paused.reconciler.settle() == 2
    assert contents(paused) == {name: digest_file(path)[0] for name, path in written.items()}


def test_a_large_file_under_way_is_put_down_and_taken_up_again(
    paused: Bench, pauses: PauseFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = paused.write("large.tif", bytes(4 << 20))
    checks = 0

    def hashing(path: Path, check: object) -> tuple[str, int]:
        def third_piece() -> None:
            nonlocal checks
            checks += 1
            if checks == 3:
                pauses.set_gateway(ADA)
            pauses.check()

        return digest_file(path, third_piece)

    monkeypatch.setattr(reconciler, "digest_file", hashing)
    paused.reconciler.scan()
    paused.now = LATER
    assert paused.reconciler.settle() == 0
    assert checks == 3
    assert paused.reconciler.troubles == ()
    pauses.set_gateway(None)
    assert paused.reconciler.settle() == 1
    assert contents(paused) == {"large.tif": digest_file(large)[0]}
