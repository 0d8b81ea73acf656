"""A child must not outlive a killed parent: it looks for its parent every second and stops cleanly when it is gone."""

import os
import signal
import threading
import time
from typing import Final

import psutil

PARENT_ENV: Final = "LABRELAY_PARENT_PID"
GRACE_S: Final = 10.0


def end_with_parent() -> None:
    """Start watching the process named in `$LABRELAY_PARENT_PID`, if there is one."""
    number = os.environ.get(PARENT_ENV, "")
    if number.isdecimal():
        threading.Thread(target=_watch, args=(int(number),), name="parent-watch", daemon=True).start()


def _watch(parent: int) -> None:
    try:
        process = psutil.Process(parent)
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            time.sleep(1.0)
    except psutil.NoSuchProcess:
        pass
    _end_this_process()
    time.sleep(GRACE_S)
    os._exit(1)


def _end_this_process() -> None:
    if os.name == "nt":
        signal.raise_signal(signal.SIGTERM)
    else:
        os.kill(os.getpid(), signal.SIGTERM)  # reaches a main thread that waits in the kernel; raise_signal would not
