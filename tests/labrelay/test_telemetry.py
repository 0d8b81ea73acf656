"""Logs never stop the work."""

import subprocess
import sys
from pathlib import Path

import pytest

LOGS = """
import logging
from labrelay.telemetry import configure_logging, logger
configure_logging("test")
for _ in range(3):
    logger("test").warning("a line", text="x" * 10_000)
    logging.getLogger("some library").warning("another")
print("went on")
"""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this file system has no /dev/full")
def test_a_log_that_cant_be_written_is_dropped_and_the_work_goes_on() -> None:
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run([sys.executable, "-c", LOGS], stdout=subprocess.PIPE, stderr=full, check=False)
    assert ran.stdout == b"went on\n"


def test_a_log_that_can_be_written_is() -> None:
    ran = subprocess.run([sys.executable, "-c", LOGS], capture_output=True, text=True, check=True)
    assert ran.stderr.count('"event": "a line"') == 3
    assert ran.stderr.count("another") == 3
