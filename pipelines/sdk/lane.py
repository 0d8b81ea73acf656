"""A lane: takes one launch after another and carries each through, one job at a time."""

import time
from collections.abc import Callable
from typing import Final

from labrelay.bus import Delivery, LaunchConsumer
from labrelay.contracts.launches import Claim
from labrelay.errors import Conflict, LabrelayError, NotFound, RequestRefused
from labrelay.telemetry import logger
from pipelines.sdk import metrics
from pipelines.sdk.attempt import LINGER_S, Attempt, Ending
from pipelines.sdk.gateway import Gateway
from pipelines.sdk.pipeline import Pipeline
from pipelines.sdk.work import Work

BLOCK_MS: Final = 500
TAKE_OVER_EVERY_S: Final = 5.0
TAKE_OVER_IDLE_MS: Final = 30_000
"""A launch that a replica took and neither claimed nor acknowledged for so long is anybody's."""

MOST_LEFT_ALONE: Final = 2
"""With more functions that never came back the process is replaced."""

_log = logger("pipelines.sdk.lane")


class Lane:
    """One consumer of a pipeline's launches.

    Args:
        pipeline: the work.
        consumer: where launches come from.
        worker: this lane's name, for the record.
        gateway: where to claim and report.
        replace_process: called when too many functions hang; the process's supervisor starts it anew.
        idle_ms: a launch that is unacknowledged for so long is taken over.
        linger_s: seconds that a function may go on after its attempt was lost.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        consumer: LaunchConsumer,
        worker: str,
        gateway: Gateway,
        replace_process: Callable[[], None],
        *,
        idle_ms: int = TAKE_OVER_IDLE_MS,
        linger_s: float = LINGER_S,
    ) -> None:
        self._pipeline = pipeline
        self._consumer = consumer
        self._worker = worker
        self._replace_process = replace_process
        self._idle_ms = idle_ms
        self._linger_s = linger_s
        self._gateway = gateway
        self._in_hand: Delivery | None = None
        self._looked_over = 0.0
        self._attempt: Attempt | None = None
        self._left_alone: list[Work] = []

    def turn(self) -> bool:
        """Take one launch, if there is one, and carry it through.

        Raises:
            ServiceUnavailable: bus or launcher can't be reached; the launch in hand is tried again in the next turn.
        """
        self._in_hand = self._in_hand or self._next_delivery()
        if self._in_hand is not None:
            claim = self._claim(self._in_hand)
            if claim is not None:
                self._carry_out(claim)
        return True

    def give_up(self, reason: str) -> None:
        """Drop the job in work, if there is one."""
        attempt = self._attempt
        if attempt is not None:
            attempt.give_up(reason)

    def close(self) -> None:
        """Let go of the bus."""
        self._consumer.close()

    def _next_delivery(self) -> Delivery | None:
        if time.monotonic() - self._looked_over > TAKE_OVER_EVERY_S or self._looked_over == 0:
            self._looked_over = time.monotonic()
            if (left_behind := self._consumer.take_over(self._idle_ms)) is not None:
                return left_behind
        return self._consumer.take(BLOCK_MS)

    def _claim(self, delivery: Delivery) -> Claim | None:
        """Claim, then settle the message: in hand while the launcher is away, left pending after other trouble."""
        try:
            claim = self._gateway.claim(delivery.launch, self._worker)
        except (Conflict, NotFound) as refusal:
            _log.info("claim refused", job_id=delivery.launch.job_id, cause=refusal.cause)
            claim = None
        except RequestRefused:
            self._in_hand = None
            raise
        self._in_hand = None
        self._acknowledge(delivery)
        return claim

    def _acknowledge(self, delivery: Delivery) -> None:
        try:
            self._consumer.acknowledge(delivery)
        except LabrelayError as error:  # it comes again; its claim is then refused
            _log.warning("launch not acknowledged", job_id=delivery.launch.job_id, cause=error.cause)

    def _carry_out(self, claim: Claim) -> None:
        self._attempt = Attempt(self._pipeline, claim, self._gateway, self._linger_s)
        topic = self._pipeline.topic
        with metrics.BUSY.labels(topic).track_inprogress(), metrics.SECONDS.labels(topic).time():
            ending = self._attempt.run()
        metrics.ATTEMPTS.labels(topic, ending).inc()
        _log.info("attempt ended", pipeline=topic, job_id=claim.job_id, attempt=claim.attempt, ending=ending)
        work, self._attempt = self._attempt.work, None
        if ending is Ending.DROPPED and work.running:
            self._leave_alone(work)

    def _leave_alone(self, work: Work) -> None:
        metrics.LEFT_ALONE.labels(self._pipeline.topic).inc()
        self._left_alone = [each for each in [*self._left_alone, work] if each.running]
        if len(self._left_alone) > MOST_LEFT_ALONE:
            _log.error("too many functions hang; this process ends to be replaced", pipeline=self._pipeline.topic)
            self._replace_process()
