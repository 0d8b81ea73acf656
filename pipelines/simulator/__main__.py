"""`python -m pipelines.simulator [--carrier streams|aicsd-redis]`: all four test pipelines in one process."""

import argparse
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from labrelay.parent import end_with_parent
from labrelay.settings import Settings, load_settings
from labrelay.telemetry import configure_logging
from pipelines.sdk import Worker
from pipelines.sdk.heartbeat import Heartbeat
from pipelines.simulator.aicsd import Subscriber
from pipelines.simulator.native import PIPELINES


def main() -> None:
    """Run until SIGINT or SIGTERM."""
    arguments = _arguments()
    settings = load_settings(arguments.settings)
    configure_logging("simulator", settings.log_level)
    end_with_parent()
    parts = started(settings, arguments.carrier or settings.pipelines.simulator_carrier)
    _wait_for_signal()
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda part: part.stop(), parts))


def started(settings: Settings, carrier: str) -> list[Worker | Subscriber | Heartbeat]:
    """Start what runs on a carrier. AiCSD's pipelines send no heartbeats; this process does it for its subscriber."""
    parts: list[Worker | Subscriber | Heartbeat]
    if carrier == "streams":
        parts = [Worker(each, settings, concurrency=settings.pipelines.concurrency) for each in PIPELINES]
    else:
        url = settings.advertised_url("registry")
        parts = [Subscriber(settings.redis_url), *(Heartbeat(each, "aicsd-simulator", url) for each in PIPELINES)]
    for part in parts:
        part.start()
    return parts


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m pipelines.simulator", description=__doc__)
    parser.add_argument("--carrier", choices=("streams", "aicsd-redis"), help="how launches come; else the settings'")
    parser.add_argument("--settings", type=Path, help="settings file; else $LABRELAY_CONFIG")
    return parser.parse_args()


def _wait_for_signal() -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    while not stop.wait(0.5):  # short waits let Windows deliver Ctrl-C
        continue


if __name__ == "__main__":
    main()
