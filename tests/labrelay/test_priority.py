"""The instrument's side steps back behind the instrument's own software; nobody else does."""

import subprocess
import sys
from typing import Any

import psutil
import pytest

from labrelay import priority
from labrelay.cli import serve
from labrelay.priority import LAST_OF_ITS_CLASS, NICENESS
from labrelay.settings import Settings
from labrelay.settings.model import Oem

linux = pytest.mark.skipif(sys.platform != "linux", reason="other systems than Windows and Linux have other classes")


@linux
@pytest.mark.process
def test_threads_and_children_step_back_with_their_process() -> None:
    code = """
import subprocess, sys, threading, psutil
from labrelay.priority import step_back
step_back(); step_back()
def look():
    print(psutil.Process(threading.get_native_id()).nice(), psutil.Process().ionice().value)
thread = threading.Thread(target=look); thread.start(); thread.join()
subprocess.run([sys.executable, "-c", "import psutil; print(psutil.Process().nice())"])
"""
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert sorted(answer.stdout.split()) == sorted([str(NICENESS), str(LAST_OF_ITS_CLASS), str(NICENESS)])


@linux
@pytest.mark.process
def test_a_process_that_is_lower_already_stays_so() -> None:
    code = "import psutil; from labrelay.priority import step_back; psutil.Process().nice(15); step_back();"
    code += "print(psutil.Process().nice())"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["15"]


def test_a_system_that_refuses_is_no_reason_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(process: psutil.Process) -> None:
        raise psutil.AccessDenied(process.pid)

    monkeypatch.setattr(priority, "_lower", refuse)
    priority.step_back()


@pytest.mark.parametrize(
    ("group", "wanted", "steps_back"),
    [
        ("oem", "low", True),
        ("file-watcher", "low", True),
        ("file-sender-oem", "low", True),
        ("oem", "normal", False),
        ("gateway", "low", False),
        ("task-launcher", "low", False),
    ],
)
def test_only_the_instruments_side_steps_back(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, group: str, wanted: str, steps_back: bool
) -> None:
    stepped: list[Any] = []
    monkeypatch.setattr(serve, "step_back", lambda: stepped.append(True))
    serve._take_place(group, settings.model_copy(update={"oem": Oem.model_validate({"priority": wanted})}))
    assert bool(stepped) is steps_back
