"""The instrument's own software goes first: this process asks for little of the processor and the disk."""

import sys
from typing import Final

import psutil

from labrelay.telemetry import logger

NICENESS: Final = 10
LAST_OF_ITS_CLASS: Final = 7
"""Linux's lowest best-effort priority; unlike the idle class, it is not starved by a disk that is always busy."""
_log = logger("labrelay.priority")


def step_back() -> None:
    """Lower this process's priority, for threads and children that it starts from now on too.

    A process that is lower already stays so. A system that refuses is logged: the work goes on as it is.
    """
    process = psutil.Process()
    try:
        _lower(process)
    except (psutil.Error, OSError) as error:
        _log.warning("priority not lowered", cause=str(error))


if sys.platform == "win32":

    def _lower(process: psutil.Process) -> None:
        if process.nice() != psutil.IDLE_PRIORITY_CLASS:
            process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
        process.ionice(psutil.IOPRIO_LOW)

elif sys.platform == "linux":

    def _lower(process: psutil.Process) -> None:
        process.nice(max(NICENESS, process.nice()))
        if process.ionice().ioclass != psutil.IOPRIO_CLASS_IDLE:
            process.ionice(psutil.IOPRIO_CLASS_BE, LAST_OF_ITS_CLASS)

else:

    def _lower(process: psutil.Process) -> None:
        process.nice(max(NICENESS, process.nice()))
