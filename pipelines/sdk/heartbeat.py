"""The heartbeat: tells the registry of pipelines every few seconds that a worker is alive."""

from typing import Final
from urllib.parse import quote

from labrelay.errors import LabrelayError
from labrelay.http import Client
from labrelay.loops import OwnerLoop
from labrelay.settings import Settings
from labrelay.telemetry import logger
from pipelines.sdk.pipeline import Pipeline

EVERY_S: Final = 3.0
_log = logger("pipelines.sdk.heartbeat")


def registry_of(settings: Settings) -> Client:
    """The gateway's registry of pipelines."""
    return Client.of_gateway(settings, settings.advertised_url("registry"), read_s=3.0, retries=0)


class Heartbeat:
    """Heartbeats of one worker; a registry that is away is no trouble for the work."""

    def __init__(self, pipeline: Pipeline, worker: str, registry: Client) -> None:
        self._client = registry
        self._path = f"/api/v2/pipelines/{quote(pipeline.topic)}/heartbeat"
        self._body = {"worker": worker, "name": pipeline.name, "description": pipeline.description}
        self._heard = True
        self._loop = OwnerLoop(f"heartbeat-{pipeline.topic}", self._beat, idle_s=EVERY_S)

    def start(self) -> None:
        """Begin."""
        self._loop.start()

    def stop(self) -> None:
        """End; the registry notices by itself."""
        self._loop.stop()

    def _beat(self) -> bool:
        try:
            self._client.post(self._path, self._body)
        except LabrelayError as error:
            if self._heard:
                _log.warning("the registry of pipelines doesn't hear us", cause=error.cause)
            self._heard = False
        else:
            self._heard = True
        return False
