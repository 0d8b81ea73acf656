"""A pipeline that takes its time, so that a test meets a job in the middle: `python -m tests.chain.slow_pipeline`."""

import shutil
import time
from collections.abc import Mapping
from pathlib import Path

from pipelines.sdk import Capture, Outcome, pipeline, serve

WORK_S = 0.3


@pipeline(topic="slow", name="Slow copy", description="Copies the image after a while")
def slow(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
    """One copy, late."""
    time.sleep(WORK_S)
    copy = output_dir / f"{capture.path.stem}-slow{capture.path.suffix}"
    shutil.copyfile(capture.path, copy)
    return Outcome([copy])


if __name__ == "__main__":
    serve(slow)
