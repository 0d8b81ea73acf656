"""`labrelay up|oem|gateway` as a person starts them: real commands with settings files of their own."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from labrelay.http.client import Client
from labrelay.processes import alive
from labrelay.settings import Settings, load_settings
from tests.polling import until


@dataclass
class Side:
    """One running command; `family` are the processes that it was seen to have."""

    name: str
    config: Path
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def settings(self) -> Settings:
        return load_settings(self.config)

    @property
    def repository(self) -> Client:
        return Client(self.settings.service_url("job_repository"), retries=20)

    @property
    def launcher(self) -> Client:
        return Client(self.settings.service_url("task_launcher"), retries=20)

    def family(self) -> list[psutil.Process]:
        """The supervisor's children, and theirs."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def kill(self) -> list[psutil.Process]:
        """kill -9 the supervisor alone; what it leaves behind."""
        left = self.family()
        self.process.kill()
        self.process.wait()
        return left

    def stop(self) -> None:
        """Ctrl-C."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(60)


def start(
    name: str,
    config: Path,
    ready: bool = True,
    module: str = "labrelay",
    python: tuple[str, ...] = (sys.executable,),
    environment: Mapping[str, str] | None = None,
) -> Side:
    """`labrelay NAME --config FILE`, until it says that it is ready.

    Args:
        module: runs it in the command's place.
        python: the interpreter, after whatever runs that one.
        environment: in place of this process's own.
    """
    log = config.with_suffix(".log")
    with log.open("wb") as output:
        command = [*python, "-m", module, name, "--config", str(config)]
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment and dict(environment)
        )
    side = Side(name, config, process, log)
    if ready:
        try:
            until(lambda: b"ready" in log.read_bytes() or process.poll() is not None, f"{name} is ready", 100)
            assert process.poll() is None, log.read_text()
        except BaseException:
            side.stop()
            raise
    return side


def of_folder(folder: Path) -> list[psutil.Process]:
    """Every process on this machine whose command line or settings file lies below a folder; zombies are none."""
    return [process for process in psutil.process_iter() if _names(process, str(folder))]


def _names(process: psutil.Process, folder: str) -> bool:
    try:
        words = [*process.cmdline(), process.environ().get("LABRELAY_CONFIG", "")]
    except psutil.Error:
        return False
    return alive(process) and process.pid != os.getpid() and any(folder in word for word in words)


def settings_file(path: Path, data: Path, ports: dict[str, int], lines: str) -> Path:
    """A settings file as a person writes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    numbers = "\n".join(f"{name} = {number}" for name, number in ports.items())
    path.write_text(f'data = "{data.as_posix()}"\n{lines}\n[ports]\n{numbers}\n', encoding="utf-8")
    return path
