"""Native pipelines that go wrong, each in its own way: `python -m tests.intake.odd_pipelines`."""

import os
import signal
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from labrelay.errors import InputProblem
from labrelay.parent import end_with_parent
from labrelay.settings import load_settings
from labrelay.telemetry import configure_logging
from pipelines.sdk import Capture, Outcome, Pipeline, Worker


def raises(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
    raise ZeroDivisionError("no cells to divide by")


def raises_its_own(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
    raise InputProblem("The plate has no lid.", next_step="Put the lid on.")


def exits(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
    raise SystemExit(3)


def recurses(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
    return recurses(capture, parameters, output_dir)


def hangs(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
    threading.Event().wait()
    return Outcome()


def answers_nothing(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Any:
    return None


def names_no_file(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
    return Outcome([output_dir / "never written.tif"])


def leaves_its_folder(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
    outside = output_dir.parent / "outside.txt"
    outside.write_text("outside")
    return Outcome([outside])


def gives_a_link(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
    (output_dir / "link.tif").symlink_to("/etc/hostname")
    return Outcome([output_dir / "link.tif"])


def measures_nan(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
    return Outcome(measurements={"area": float("nan")})


def talks_too_much(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
    return Outcome(results="CellCount, 1; " * 2_000_000)


def measures_too_much(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
    return Outcome(measurements={f"number {number}": 1.0 for number in range(100_000)})


def shouts(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
    raise ValueError("too loud, " * 2_000_000)


def spoils_its_input(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
    capture.path.chmod(0o600)
    capture.path.write_bytes(b"spoilt")
    return Outcome(results="spoilt")


def takes_its_time(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
    time.sleep(0.5)
    return Outcome(results="late but well")


FLAWED: Final = {
    "raises": raises,
    "raises-its-own": raises_its_own,
    "exits": exits,
    "recurses": recurses,
    "hangs": hangs,
    "answers-nothing": answers_nothing,
    "names-no-file": names_no_file,
    "leaves-its-folder": leaves_its_folder,
    "gives-a-link": gives_a_link,
    "measures-nan": measures_nan,
    "talks-too-much": talks_too_much,
    "measures-too-much": measures_too_much,
    "shouts": shouts,
    "spoils-its-input": spoils_its_input,
}
LATE: Final = Pipeline("late", "late", "Comes later than its first file", takes_its_time)


def main() -> None:
    """Run until SIGTERM, as the supervisor's other children do."""
    settings = load_settings()
    configure_logging("odd", settings.log_level)
    end_with_parent()
    workers = [
        Worker(Pipeline(topic, topic, "Goes wrong", function), settings, linger_s=0.0)
        for topic, function in FLAWED.items()
    ]
    for worker in workers:
        worker.start()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    while not stop.wait(0.2):
        continue
    os._exit(0)  # what hangs would be waited for


if __name__ == "__main__":
    main()
