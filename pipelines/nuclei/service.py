"""The nuclei pipeline as a BentoML service: takes launches as an SDK worker, and answers images posted to it.

BentoML's arbiter imports this module too, so what is heavy (OpenVINO, SciPy) is imported by the worker alone.
"""

from pathlib import Path
from typing import Any, Final

import bentoml
from starlette.types import ASGIApp

from labrelay.http.guard import HostGuard
from labrelay.settings import load_settings
from labrelay.telemetry import configure_logging

REQUEST_S: Final = 600


@bentoml.service(name="nuclei", workers=1, traffic={"timeout": REQUEST_S}, logging={"access": {"enabled": False}})
class Nuclei:
    """One process: one compiled model, one worker, and HTTP."""

    def __init__(self) -> None:
        from pipelines.nuclei.station import Station
        from pipelines.sdk.lifeline import end_with_arbiter

        settings = load_settings()
        configure_logging("nuclei", settings.log_level)
        end_with_arbiter()
        self._station = Station(settings)

    @bentoml.on_startup  # type: ignore[untyped-decorator]
    def start_worker(self) -> None:
        """Begin to take launches."""
        self._station.start()

    @bentoml.on_shutdown  # type: ignore[untyped-decorator]
    def stop_worker(self) -> None:
        """Finish the job in work, or give it up after a grace."""
        self._station.stop()

    @bentoml.api  # type: ignore[untyped-decorator]
    def segment(
        self,
        image: Path,
        diameter_px: float | None = None,
        pixel_size_um: float | None = None,
        channel: str | None = None,
        z: str | None = None,
        time: str | None = None,
    ) -> dict[str, Any]:
        """Count and measure the nuclei in an image (multipart form, field `image`: any format that tasks take)."""
        sizes = {"diameter_px": diameter_px, "pixel_size_um": pixel_size_um}
        return self._station.counted(image, **sizes, channel=channel, z=z, time=time)

    @bentoml.api  # type: ignore[untyped-decorator]
    def mask(
        self,
        image: Path,
        ctx: bentoml.Context,
        diameter_px: float | None = None,
        pixel_size_um: float | None = None,
        channel: str | None = None,
        z: str | None = None,
        time: str | None = None,
    ) -> Path:
        """The label mask of an image as OME-TIFF: 0 background, objects 1…N."""
        sizes = {"diameter_px": diameter_px, "pixel_size_um": pixel_size_um}
        return self._station.masked(image, Path(ctx.temp_dir), **sizes, channel=channel, z=z, time=time)


def guarded(app: ASGIApp) -> HostGuard:
    """The service behind the same guard as all others; settings are read where it runs, not where it is built."""
    settings = load_settings()
    return HostGuard(app, (*settings.hosts, settings.advertise))


Nuclei.add_asgi_middleware(guarded)  # type: ignore[attr-defined]
