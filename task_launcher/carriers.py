"""How a launch reaches a pipeline: native ones claim from a stream, for AiCSD's the launcher claims and publishes."""

import json
from typing import Final, Protocol

import redis

from labrelay.bus.aicsd import channel_of, launch_message
from labrelay.contracts.aicsd import PipelineParameters
from labrelay.contracts.jobs import Job
from labrelay.contracts.launches import Claim, ClaimRequest, Launch
from labrelay.contracts.states import Stage
from labrelay.contracts.transitions import RelaunchJob
from labrelay.errors import Conflict, LabrelayError
from labrelay.settings import Settings
from task_launcher.claims import Claims
from task_launcher.deadlines import longest
from task_launcher.jobs import ACTOR, Jobs
from task_launcher.mqtt import Broker

AICSD: Final = "aicsd"
"""Name of the worker that the launcher claims for."""
MQTT_TOPIC: Final = "mqtt-export/pipeline/params"


class Carrier(Protocol):
    """One way of launching."""

    def silent(self, topic: str) -> str:
        """Why nobody can take a launch from `topic` now; empty when somebody may."""
        ...

    def message(self, job: Job) -> Launch | None:
        """What the repository puts on the stream within the launch's own step."""
        ...

    def deliver(self, job: Job) -> str:
        """Bring a launched job to its pipeline; why it couldn't be, else empty. Then the job waits again."""
        ...


class Streams:
    """Native pipelines: the repository adds the launch to the stream, a worker claims."""

    def __init__(self, claim_url: str) -> None:
        self._claim_url = claim_url

    def silent(self, topic: str) -> str:
        """A stream keeps launches for workers that come later."""
        return ""

    def message(self, job: Job) -> Launch | None:
        """The wake-up."""
        pipeline = job.task.pipeline if job.task else ""
        return Launch(job_id=job.id, epoch=job.epoch, pipeline=pipeline, claim_url=self._claim_url)

    def deliver(self, job: Job) -> str:
        """Nothing is left to do."""
        return ""


class Sender(Protocol):
    """Publishes launch parameters as AiCSD does."""

    def silent(self, topic: str) -> str:
        """Why nobody hears `topic`, as far as that is known."""
        ...

    def send(self, topic: str, parameters: PipelineParameters) -> str:
        """Publish; why nobody heard it, else empty."""
        ...


class RedisSender:
    """EdgeX envelopes on Redis pub/sub."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def silent(self, topic: str) -> str:
        """Nobody hears where neither this channel nor any pattern has a subscriber."""
        try:
            (_, direct), *_ = self._redis.pubsub_numsub(channel_of(topic))
            patterns = self._redis.pubsub_numpat()
        except redis.RedisError as error:
            return _bus_trouble(error)
        return "" if direct or patterns else _nobody(topic)

    def send(self, topic: str, parameters: PipelineParameters) -> str:
        """Publish one launch."""
        try:
            heard = self._redis.publish(channel_of(topic), launch_message(parameters))
        except redis.RedisError as error:
            return _bus_trouble(error)
        return "" if heard else _nobody(topic)


class MqttSender:
    """Flat parameters on MQTT, without the topic, as AiCSD exports them."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def silent(self, topic: str) -> str:
        """A broker doesn't tell who listens."""
        return ""

    def send(self, topic: str, parameters: PipelineParameters) -> str:
        """Publish one launch."""
        try:
            self._broker.send(MQTT_TOPIC, json.dumps(parameters.wire()))
        except LabrelayError as error:
            return error.cause
        return ""


class Aicsd:
    """Pipelines written for AiCSD: they claim nothing, so the launcher does it for them, until the deadline."""

    def __init__(self, settings: Settings, claims: Claims, jobs: Jobs, sender: Sender) -> None:
        self._launcher = settings.launcher
        self._claims = claims
        self._jobs = jobs
        self._sender = sender

    def silent(self, topic: str) -> str:
        """As the sender knows it."""
        return self._sender.silent(topic)

    def message(self, job: Job) -> Launch | None:
        """Nothing goes onto a stream."""
        return None

    def deliver(self, job: Job) -> str:
        """Claim and publish; what nobody heard is taken back."""
        request = ClaimRequest(job_id=job.id, epoch=job.epoch, worker=AICSD)
        topic = job.task.pipeline if job.task else ""
        try:
            claim = self._claims.claim(request, longest(job, self._launcher), wait_s=None)
        except Conflict:
            return ""
        except LabrelayError as error:
            reason = error.cause
        else:
            reason = self._sender.send(topic, _parameters(claim))
        if reason:
            self._take_back(job.id, reason)
        return reason

    def _take_back(self, job_id: str, reason: str) -> None:
        job = self._jobs.job(job_id)
        if job.stage is Stage.PROCESSING and job.worker == AICSD:
            step = RelaunchJob(epoch=job.epoch, actor=ACTOR, attempt=job.attempt, reason=reason)
            self._jobs.try_take(job_id, step)


def carriers(settings: Settings, claims: Claims, jobs: Jobs, live: redis.Redis, broker: Broker) -> dict[str, Carrier]:
    """Every carrier by its name in a task."""
    return {
        "streams": Streams(f"{settings.advertised_url('task_launcher')}/api/v2/claims"),
        "aicsd-redis": Aicsd(settings, claims, jobs, RedisSender(live)),
        "aicsd-mqtt": Aicsd(settings, claims, jobs, MqttSender(broker)),
    }


def _parameters(claim: Claim) -> PipelineParameters:
    return PipelineParameters(
        input_file_location=claim.input_path,
        output_file_folder=claim.output_folder,
        model_params=claim.parameters,
        job_update_url=claim.job_update_url,
        pipeline_status_url=claim.status_url,
    )


def _nobody(topic: str) -> str:
    return f"No pipeline listens on {topic}."


def _bus_trouble(error: redis.RedisError) -> str:
    return f"The message bus doesn't answer ({type(error).__name__})."
