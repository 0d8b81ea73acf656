"""The OEM side as an ordinary account runs it: `python -m tests.intake.oem_without_rights process oem`.

Root reads every file. Without two of root's capabilities the rights of files and folders count for it as for others.
What is told of an input only after a while is told after half a second here.
"""

import ctypes
import os
import sys
from typing import Final

from file_sender.oem.rests import PATIENCE_S
from labrelay.cli import main

PR_CAPBSET_DROP: Final = 24
OVERRIDING_RIGHTS: Final = (1, 2)
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH."""
DROPPED: Final = "LABRELAY_TEST_RIGHTS_DROPPED"


def drop_rights() -> None:
    """Give the capabilities up, which counts from the next exec on; nothing happens where there are none."""
    for capability in OVERRIDING_RIGHTS:
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    os.environ[DROPPED] = "yes"
    os.execv(sys.executable, [sys.executable, "-m", "tests.intake.oem_without_rights", *sys.argv[1:]])  # noqa: S606


if __name__ == "__main__":
    if sys.platform.startswith("linux") and DROPPED not in os.environ:
        drop_rights()
    PATIENCE_S.update(input_missing=0.5, input_unreadable=0.5)
    main()
