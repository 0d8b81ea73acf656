"""A process of native pipelines: started by the supervisor or by hand, ended by a signal or with its parent."""

import signal
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from labrelay.parent import end_with_parent
from labrelay.settings import Settings, load_settings
from labrelay.telemetry import configure_logging
from pipelines.sdk.pipeline import Pipeline
from pipelines.sdk.worker import Worker


class Part(Protocol):
    """Something that runs in the background."""

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """End cleanly."""


def serve(*pipelines: Pipeline, settings: Settings | None = None) -> None:
    """Run pipelines in this process until SIGINT or SIGTERM.

    Args:
        pipelines: one worker each.
        settings: the machine's; by default as `labrelay` loads them.
    """
    settings = settings or load_settings()
    configure_logging(pipelines[0].topic, settings.log_level)
    end_with_parent()
    run(Worker(each, settings, concurrency=settings.pipelines.concurrency) for each in pipelines)


def run(parts: Iterable[Part]) -> None:
    """Start parts, wait for SIGINT or SIGTERM, stop all at once."""
    started = list(parts)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    for part in started:
        part.start()
    while not stop.wait(0.2):  # short waits let Windows deliver Ctrl-C
        continue
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda part: part.stop(), started))
