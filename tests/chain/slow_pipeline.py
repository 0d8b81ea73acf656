"""A pipeline that takes its time, so that a test meets a job in the middle: `python -m tests.chain.slow_pipeline`."""

import shutil
import signal
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from labrelay.parent import end_with_parent
from labrelay.settings import load_settings
from labrelay.telemetry import configure_logging
from pipelines.sdk import Capture, Outcome, Worker, pipeline

WORK_S = 0.3


@pipeline(topic="slow", name="Slow copy", description="Copies the image after a while")
def slow(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
    """One copy, late."""
    time.sleep(WORK_S)
    copy = output_dir / f"{capture.path.stem}-slow{capture.path.suffix}"
    shutil.copyfile(capture.path, copy)
    return Outcome([copy])


def main() -> None:
    """Run until SIGTERM, as the supervisor's other children do."""
    settings = load_settings()
    configure_logging("slow", settings.log_level)
    end_with_parent()
    worker = Worker(slow, settings)
    worker.start()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    while not stop.wait(0.2):
        continue
    worker.stop()


if __name__ == "__main__":
    main()
