"""Pipelines of these tests: each writes a line into its log when it begins, and then copies its input.

`python -m tests.faults.copying` is a worker process; `tests.faults.bento` carries the same as a Bento.
"""

import hashlib
import os
import shutil
import threading
from collections.abc import Mapping
from pathlib import Path

from labrelay.settings import load_settings
from pipelines.sdk import Capture, Outcome, pipeline, serve
from tests.faults.odd import misbehave, odd_gateway

WORK_S = "0.05"
"""Of each copy, unless the task's parameter `work_s` says otherwise."""
LOG = "inferences.log"
"""Below the gateway's data folder."""


@pipeline(topic="copying", name="Copy", description="Copies the image and keeps count")
def copying(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
    """One copy."""
    return copied(capture, parameters, output_dir)


def copied(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
    """Count an inference and copy the input."""
    note_inference(capture.path)
    misbehave(capture, output_dir)
    threading.Event().wait(float(parameters.get("work_s", WORK_S)))  # libfaketime lets time.sleep fail
    copy = output_dir / f"{capture.path.stem}-copy{capture.path.suffix}"
    shutil.copyfile(capture.path, copy)
    return Outcome([copy])


def note_inference(path: Path) -> None:
    """One line with the content's digest, whole also when several processes write at once."""
    with path.open("rb") as stream:
        line = f"{hashlib.file_digest(stream, 'sha256').hexdigest()}\n".encode()
    log = os.open(load_settings().data / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        os.write(log, line)
    finally:
        os.close(log)


if __name__ == "__main__":
    with odd_gateway():
        serve(copying)
