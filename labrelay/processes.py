"""The process tree: few children, each restarted when it dies, none left behind."""

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import psutil

from labrelay.errors import SettingsInvalid
from labrelay.parent import PARENT_ENV
from labrelay.telemetry import logger

STOP_S: Final = 15.0
HEALTHY_S: Final = 30.0
MAX_PAUSE_S: Final = 10.0
_log = logger("labrelay.processes")


@dataclass(frozen=True)
class ChildSpec:
    """What to start: a name for logs and people, the command line, and additions to the environment.

    Attributes:
        stopped: those with the same number are stopped together, and only then those with the next higher one.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    stopped: int = 0


class Child:
    """One supervised process in a group of its own; its output goes to `<folder>/<name>.log`, its pid beside it."""

    def __init__(self, spec: ChildSpec, folder: Path) -> None:
        self.spec = spec
        self.starts = 0
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._next = 0.0
        self._pause = 0.0
        self._recorded = True

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        alive = self._process is not None and self._process.poll() is None
        return self._process.pid if self._process and alive else None

    @property
    def log(self) -> Path:
        """Where its output goes."""
        return self._folder / f"{self.spec.name}.log"

    def end_left_over(self) -> None:
        """End the process that a killed supervisor left behind under this name."""
        end_recorded(self._pid_file)

    def start(self) -> None:
        """Start it."""
        environment = {**os.environ, **self.spec.environment, PARENT_ENV: str(os.getpid())}
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603
                self.spec.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment,
                start_new_session=True,
            )
        self.starts += 1
        self._started = time.monotonic()
        self._recorded = self._record(self._process.pid)

    def check(self) -> None:
        """Start it again if it died: at once after a healthy time, with a growing pause after an early death."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._recorded = self._recorded or self._record(self._process.pid)
            return
        now = time.monotonic()
        if self._next == 0.0:
            healthy = now - self._started > HEALTHY_S
            self._pause = 0.0 if healthy else min(MAX_PAUSE_S, max(0.2, self._pause * 2))
            self._next = now + self._pause
            _log.warning("process died", name=self.spec.name, code=self._process.returncode, pause_s=self._pause)
        if now >= self._next:
            self._next = 0.0
            self.start()

    def stop(self) -> None:
        """Ask it and its children to end, insist after ten seconds."""
        if self._process is not None:
            end_tree(self._process.pid)
            self._process.wait()
        self._pid_file.unlink(missing_ok=True)

    def _record(self, pid: int) -> bool:
        """Leave its number for a supervisor to come; a full disk may take it later, and holds up no process."""
        try:
            record_process(self._pid_file, pid)
        except OSError:
            return False
        return True

    @property
    def _pid_file(self) -> Path:
        return self._folder / f"{self.spec.name}.pid"


class ProcessTree:
    """All children of one supervisor, in their order of start."""

    def __init__(self, specs: Iterable[ChildSpec], folder: Path) -> None:
        self._folder = folder
        self.children = [Child(spec, folder) for spec in specs]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="process-tree", daemon=True)

    def start(self, check: Callable[[], None] | None = None) -> None:
        """End what a killed supervisor left running in the folder, then start all and watch over them.

        Args:
            check: looks between the two whether all can start; what it raises stops the start.

        Raises:
            SettingsInvalid: another supervisor already runs on this data folder.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        self._claim_folder()
        for child in self.children:
            child.end_left_over()
        if check is not None:
            check()
        for child in self.children:
            child.start()
        self._thread.start()

    def stop(self) -> None:
        """Stop all, in the order of `ChildSpec.stopped`."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        ordered = sorted(self.children, key=lambda child: child.spec.stopped)
        for _, together in groupby(ordered, key=lambda child: child.spec.stopped):
            with ThreadPoolExecutor() as each:
                list(each.map(Child.stop, together))
        (self._folder / "supervisor.pid").unlink(missing_ok=True)

    def _watch(self) -> None:
        while not self._stop.wait(0.1):
            for child in self.children:
                self._check(child)

    def _check(self, child: Child) -> None:
        try:
            child.check()
        except OSError as error:  # no process, no file: one that can't be started now is tried again
            _log.warning("process not started yet", name=child.spec.name, cause=str(error))

    def _claim_folder(self) -> None:
        mark = self._folder / "supervisor.pid"
        other = recorded_process(mark)
        if other is not None and other.pid != os.getpid():
            raise SettingsInvalid(
                f"labrelay already runs on {self._folder.parent} (process {other.pid}).",
                next_step="Stop it first, or choose another data folder.",
            )
        record_process(mark, os.getpid())


def record_process(mark: Path, pid: int) -> None:
    """Remember a process so that it is found again, and not mistaken for a later one with the same number."""
    try:
        created = psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return
    mark.write_text(json.dumps({"pid": pid, "created": created}))


def recorded_process(mark: Path) -> psutil.Process | None:
    """The process that a mark names, if it still runs."""
    try:
        known: dict[str, Any] = json.loads(mark.read_text())
        process = psutil.Process(int(known["pid"]))
        same = abs(process.create_time() - float(known["created"])) < 1.0
    except (OSError, ValueError, KeyError, psutil.Error):
        return None
    return process if same and alive(process) else None


def end_recorded(mark: Path) -> None:
    """End the process that a mark names, with its children."""
    left_over = recorded_process(mark)
    if left_over is not None:
        _log.warning("ending a process that a killed supervisor left behind", mark=mark.name, pid=left_over.pid)
        end_tree(left_over.pid)


def end_tree(pid: int) -> None:
    """Terminate a process and wait; then the same for children that it left, and kill what still runs."""
    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    _each([root], "terminate")
    await_end([root], STOP_S)
    left = await_end(family, 0.0)
    _each(left, "terminate")
    stubborn = await_end(left, STOP_S / 5)
    _each(stubborn, "kill")
    await_end(stubborn, STOP_S)


def await_end(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait until processes have ended, at most so long; those that still run."""
    end = time.monotonic() + seconds
    while left := [process for process in processes if alive(process)]:
        if time.monotonic() > end:
            break
        time.sleep(0.02)
    return left


def alive(process: psutil.Process) -> bool:
    """Whether it still runs; a zombie, which nobody waits for in a container without an init, has ended."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _each(processes: list[psutil.Process], verb: str) -> None:
    for process in processes:
        try:
            getattr(process, verb)()
        except psutil.NoSuchProcess:
            continue
