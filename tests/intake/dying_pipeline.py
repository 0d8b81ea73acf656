"""A native pipeline whose process dies with every job: `python -m tests.intake.dying_pipeline`."""

import os
import signal
import threading
from collections.abc import Mapping
from pathlib import Path

from labrelay.parent import end_with_parent
from labrelay.settings import load_settings
from pipelines.sdk import Capture, Outcome, Worker, pipeline


@pipeline(topic="dies", name="dies", description="Takes its process with it")
def dies(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
    os._exit(11)


def main() -> None:
    """Run until the first job or SIGTERM."""
    end_with_parent()
    worker = Worker(dies, load_settings())
    worker.start()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    while not stop.wait(0.2):
        continue
    worker.stop(0.0)


if __name__ == "__main__":
    main()
