"""Results for integrators: AiCSD's result text on Redis pub/sub, and on MQTT where a broker is set."""

from typing import Final

import redis

from labrelay.bus.aicsd import channel_of, envelope
from labrelay.contracts.aicsd import wire_job
from labrelay.contracts.jobs import Job
from labrelay.errors import LabrelayError
from labrelay.settings.model import Mqtt
from labrelay.telemetry import logger
from task_launcher.metrics import EXPORT_FAILURES
from task_launcher.mqtt import Broker

TOPIC: Final = "pipeline/inferenceResults"
MQTT_TOPIC: Final = f"mqtt-export/{TOPIC}"
_log = logger("task_launcher.results")


def result_text(job: Job) -> str:
    """AiCSD's line (wire format, B.4): `filename:<host>=<path>; results:<Results>`."""
    file = wire_job(job).input_file
    results = job.report.results if job.report else ""
    return f"filename:{file.hostname}={file.dir_name}{file.name}; results:{results}"


class Results:
    """Exports a finished job's results. The record holds them anyway, so a failed export harms nothing."""

    def __init__(self, settings: Mqtt, live: redis.Redis, broker: Broker) -> None:
        self._mqtt = bool(settings.host)
        self._redis = live
        self._broker = broker

    def export(self, job: Job) -> None:
        """Publish the results, where there are any."""
        if job.report is None or not job.report.results:
            return
        text = result_text(job)
        self._to_redis(job.id, text)
        if self._mqtt:
            self._to_mqtt(job.id, text)

    def _to_redis(self, job_id: str, text: str) -> None:
        try:
            self._redis.publish(channel_of(TOPIC), envelope(text.encode(), "text/plain"))
        except redis.RedisError as error:
            _failed("redis", job_id, type(error).__name__)

    def _to_mqtt(self, job_id: str, text: str) -> None:
        try:
            self._broker.send(MQTT_TOPIC, text)
        except LabrelayError as error:
            _failed("mqtt", job_id, error.cause)


def _failed(where: str, job_id: str, cause: str) -> None:
    EXPORT_FAILURES.labels(where).inc()
    _log.warning("results not exported", to=where, job_id=job_id, cause=cause)
