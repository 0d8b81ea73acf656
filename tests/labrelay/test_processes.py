import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from labrelay.errors import SettingsInvalid
from labrelay.processes import ChildSpec, ProcessTree, alive, record_process, recorded_process
from tests.polling import until

SLEEP = "import time; time.sleep(600)"


def spec(name: str, code: str = SLEEP) -> ChildSpec:
    return ChildSpec(name, (sys.executable, "-c", code))


def test_a_killed_child_is_started_again(tmp_path: Path) -> None:
    tree = ProcessTree([spec("one")], tmp_path)
    tree.start()
    first = tree.children[0].pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    until(lambda: tree.children[0].pid not in (None, first))
    tree.stop()
    assert tree.children[0].pid is None


def test_children_of_children_end_too(tmp_path: Path) -> None:
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SLEEP!r}])"
    tree = ProcessTree([spec("parent", code)], tmp_path)
    tree.start()
    pid = tree.children[0].pid
    assert pid is not None
    until(lambda: psutil.Process(pid).children())
    (grandchild,) = psutil.Process(pid).children()
    tree.stop()
    assert not alive(grandchild)


def test_a_process_left_behind_by_a_killed_supervisor_is_ended_first(tmp_path: Path) -> None:
    left = subprocess.Popen([sys.executable, "-c", SLEEP])
    record_process(tmp_path / "one.pid", left.pid)
    tree = ProcessTree([spec("one")], tmp_path)
    tree.start()
    assert left.poll() is not None
    tree.stop()


def test_a_second_supervisor_on_one_data_folder_is_refused(tmp_path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", SLEEP])
    record_process(tmp_path / "supervisor.pid", other.pid)
    with pytest.raises(SettingsInvalid, match="already runs"):
        ProcessTree([], tmp_path).start()
    other.kill()
    other.wait()


def test_a_reused_process_number_is_not_mistaken(tmp_path: Path) -> None:
    (tmp_path / "mark").write_text(f'{{"pid": {os.getpid()}, "created": 1.0}}')
    assert recorded_process(tmp_path / "mark") is None


def test_what_a_child_prints_is_kept(tmp_path: Path) -> None:
    tree = ProcessTree([spec("talker", "print('hello')")], tmp_path)
    tree.start()
    until(lambda: b"hello" in tree.children[0].log.read_bytes())
    tree.stop()


def test_a_disk_that_is_full_for_a_while_keeps_no_process_from_being_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its number is left for later; before, the thread that watches over all processes ended with the first error."""
    full = [True]

    def write(mark: Path, pid: int) -> None:
        if full[0] and mark.name == "one.pid":
            raise OSError(28, "No space left on device")
        record_process(mark, pid)

    tree = ProcessTree([spec("one")], tmp_path)
    monkeypatch.setattr("labrelay.processes.record_process", write)
    tree.start()
    for _ in range(2):
        before = tree.children[0].pid
        assert before is not None
        os.kill(before, signal.SIGKILL)
        until(lambda gone=before: tree.children[0].pid not in (None, gone))  # type: ignore[misc]
    full[0] = False
    until(lambda: (found := recorded_process(tmp_path / "one.pid")) and found.pid == tree.children[0].pid)
    tree.stop()
