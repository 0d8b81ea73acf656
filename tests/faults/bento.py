"""The copying pipeline as a Bento, for kills of a Bento: BentoML's arbiter and its worker process."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bentoml

from labrelay.settings import load_settings
from labrelay.telemetry import configure_logging
from pipelines.sdk import Capture, Outcome, Worker, pipeline
from pipelines.sdk.lifeline import end_with_arbiter
from tests.faults.copying import copied

OPTIONS: dict[str, Any] = {"workers": 1, "logging": {"access": {"enabled": False}}}


@pipeline(topic="bento", name="Copy in a Bento", description="Copies the image and keeps count")
def in_bento(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
    """One copy."""
    return copied(capture, parameters, output_dir)


@bentoml.service(name="bento", **OPTIONS)
class CopyingBento:
    """Takes launches, as labrelay's own Bentos do."""

    def __init__(self) -> None:
        settings = load_settings()
        configure_logging("bento", settings.log_level)
        end_with_arbiter()
        self._worker = Worker(in_bento, settings)

    @bentoml.on_startup  # type: ignore[untyped-decorator]
    def start(self) -> None:
        """Begin to take launches."""
        self._worker.start()

    @bentoml.on_shutdown  # type: ignore[untyped-decorator]
    def stop(self) -> None:
        """Give up what is in work."""
        self._worker.stop(1.0)

    @bentoml.api  # type: ignore[untyped-decorator]
    def name(self) -> str:
        """A service needs a call."""
        return "bento"
