"""`python -m pipelines.simulator [--carrier streams|aicsd-redis]`: all four test pipelines in one process."""

import argparse
from pathlib import Path

from labrelay.parent import end_with_parent
from labrelay.settings import Settings, load_settings
from labrelay.telemetry import configure_logging
from pipelines.sdk import Worker
from pipelines.sdk.heartbeat import Heartbeat, registry_of
from pipelines.sdk.process import Part, run
from pipelines.simulator.aicsd import Subscriber
from pipelines.simulator.native import PIPELINES


def main() -> None:
    """Run until SIGINT or SIGTERM."""
    arguments = _arguments()
    settings = load_settings(arguments.settings)
    configure_logging("simulator", settings.log_level)
    end_with_parent()
    run(parts_for(arguments.carrier or settings.pipelines.simulator_carrier, settings))


def parts_for(carrier: str, settings: Settings) -> list[Part]:
    """What runs on a carrier. AiCSD's pipelines send no heartbeats; this process does it for its subscriber."""
    if carrier == "streams":
        return [Worker(each, settings, concurrency=settings.pipelines.concurrency) for each in PIPELINES]
    registry = registry_of(settings)
    return [Subscriber(settings.redis_url), *(Heartbeat(each, "aicsd-simulator", registry) for each in PIPELINES)]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m pipelines.simulator", description=__doc__)
    parser.add_argument("--carrier", choices=("streams", "aicsd-redis"), help="how launches come; else the settings'")
    parser.add_argument("--settings", type=Path, help="settings file; else $LABRELAY_CONFIG")
    return parser.parse_args()


if __name__ == "__main__":
    main()
