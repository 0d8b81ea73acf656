"""Workers of test pipelines, stopped after each test; `faulty` is the pipeline that does everything wrong."""

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from labrelay.errors import InputProblem
from labrelay.settings import Settings
from pipelines.sdk import Capture, Outcome, Pipeline, Worker

Start = Callable[..., Worker]


class Faulty:
    """Does what the task's parameter `fault` says; a function that hangs does so until `release`."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self.entered = threading.Event()

    def __call__(self, capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
        self.entered.set()
        faults: dict[str, Callable[[Path], Any]] = {
            "none": self._good,
            "raises": self._raises,
            "refuses": self._refuses,
            "exits": lambda _: sys.exit(3),
            "hangs": self._hangs,
            "answers-nothing": lambda _: None,
            "answers-nan": lambda _: Outcome(measurements={"count": float("nan")}),
            "answers-absent-file": lambda folder: Outcome([folder / "absent.csv"]),
            "answers-foreign-file": lambda _: Outcome([capture.path]),
            "answers-twice": self._twice,
        }
        answer: Outcome = faults[parameters.get("fault", "none")](output_dir)
        return answer

    def _good(self, folder: Path) -> Outcome:
        path = folder / "table.csv"
        path.write_text("count\n7\n")
        return Outcome([path], "CellCount, 7", "passed", {"count": 7})

    def _raises(self, folder: Path) -> Outcome:
        raise ZeroDivisionError("no background")

    def _refuses(self, folder: Path) -> Outcome:
        raise InputProblem("The image is black.", next_step="Switch the lamp on.")

    def _hangs(self, folder: Path) -> Outcome:
        self.release.wait(30)
        return self._good(folder)

    def _twice(self, folder: Path) -> Outcome:
        return Outcome([*self._good(folder).outputs, folder / "table.csv"])


@pytest.fixture
def faulty() -> Iterator[Faulty]:
    function = Faulty()
    yield function
    function.release.set()


@pytest.fixture
def start(settings: Settings, faulty: Faulty) -> Iterator[Start]:
    """Start a worker of the faulty pipeline, or of a function given."""
    workers: list[Worker] = []

    def started(function: Callable[..., Outcome] = faulty, **options: Any) -> Worker:
        worker = Worker(Pipeline("test", "Test", "For tests", function), settings, **options)
        workers.append(worker)
        worker.start()
        return worker

    yield started
    faulty.release.set()
    for worker in workers:
        worker.stop(grace_s=2.0)
