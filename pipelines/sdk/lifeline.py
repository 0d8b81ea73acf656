"""A BentoML worker's lifeline: it ends with its arbiter, and ends the arbiter when the supervisor was killed.

BentoML runs a service as two processes: an arbiter, and the worker that it starts again whenever that dies. So a worker
whose supervisor (`LABRELAY_PARENT_PID`) is gone must not just leave; `labrelay.parent` serves all other processes.
"""

import os
import signal
import threading
import time
from typing import Final

import psutil

from labrelay.parent import PARENT_ENV
from labrelay.telemetry import logger

EVERY_S: Final = 1.0
GRACE_S: Final = 15.0
_log = logger("pipelines.sdk.lifeline")


def end_with_arbiter() -> None:
    """Watch the arbiter (the parent process) and, if there is one, the supervisor; each every second."""
    arbiter = _process(os.getppid())
    number = os.environ.get(PARENT_ENV, "")
    watched = [arbiter, _process(int(number))] if number.isdecimal() else [arbiter]
    threading.Thread(target=_watch, args=(arbiter, watched), name="lifeline", daemon=True).start()


def alive(process: psutil.Process | None) -> bool:
    """Whether a process still runs; one that has ended and that nobody waited for doesn't."""
    try:
        return process is not None and process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _process(pid: int) -> psutil.Process | None:
    try:
        return psutil.Process(pid)
    except psutil.NoSuchProcess:
        return None


def _watch(arbiter: psutil.Process | None, watched: list[psutil.Process | None]) -> None:
    while all(alive(process) for process in watched):
        time.sleep(EVERY_S)
    if arbiter is not None and alive(arbiter):
        _log.warning("the supervisor is gone, ending the service", arbiter=arbiter.pid)
        _end(arbiter)
    else:
        _log.warning("the arbiter is gone, ending the service")
        signal.raise_signal(signal.SIGTERM)
    time.sleep(GRACE_S)
    os._exit(1)


def _end(arbiter: psutil.Process) -> None:
    """Ask it to end, which ends this process cleanly, and insist after a grace."""
    try:
        arbiter.terminate()
        arbiter.wait(GRACE_S)
    except psutil.TimeoutExpired:
        arbiter.kill()
    except psutil.NoSuchProcess:
        return
