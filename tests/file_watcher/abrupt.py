"""Run as a process: brings a journal to a chosen point and ends there without any clean-up, as a power cut would.

Usage: abrupt.py DATA FOLDER POINT
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, event

from file_watcher.bodies import Acceptance
from labrelay.settings import Settings
from labrelay.settings.model import Oem, WatchedFolder
from tests.file_watcher.conftest import Bench

CAPTURE = "11111111-2222-3333-4444-555555555555"
DEAD = 42


def before_commit(connection: Connection) -> None:
    connection.exec_driver_sql("SELECT 1")
    os._exit(DEAD)


def find(bench: Bench) -> None:
    bench.rest()


def accept(bench: Bench) -> None:
    row = next(row for row in bench.acceptances.pending(["input"], 2) if row["path"] == "A01.tif")
    bench.acceptances.accept([Acceptance(id=row["id"], capture_id=CAPTURE, epoch=1)])


def before_hashing(bench: Bench) -> None:
    bench.reconciler.scan()
    os._exit(DEAD)


def while_recording(bench: Bench) -> None:
    event.listen(bench.database._engine, "commit", before_commit)
    find(bench)


def after_recording(bench: Bench) -> None:
    find(bench)
    os._exit(DEAD)


def while_accepting(bench: Bench) -> None:
    find(bench)
    event.listen(bench.database._engine, "commit", before_commit)
    accept(bench)


def after_accepting(bench: Bench) -> None:
    find(bench)
    accept(bench)
    os._exit(DEAD)


POINTS: dict[str, Callable[[Bench], None]] = {
    each.__name__: each for each in (before_hashing, while_recording, after_recording, while_accepting, after_accepting)
}


def settings_of(data: Path, folder: Path) -> Settings:
    oem = Oem(folders=(WatchedFolder(path=folder, stable_s=0.2),), output_folder=data / "output")
    return Settings(data=data, oem=oem)


if __name__ == "__main__":
    POINTS[sys.argv[3]](Bench(settings_of(Path(sys.argv[1]), Path(sys.argv[2]))))
