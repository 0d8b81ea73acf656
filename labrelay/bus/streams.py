"""Launches on Redis Streams: one stream a pipeline, one consumer group of its replicas.

The message is only a wake-up. Losing or doubling one loses or doubles nothing:
a claim decides, and the launcher relaunches.
"""

from dataclasses import dataclass
from typing import Any, Final

import redis
from pydantic import ValidationError

from labrelay.contracts.launches import Launch
from labrelay.errors import ServiceUnavailable
from labrelay.telemetry import logger

GROUP: Final = "workers"
FIELD: Final = "launch"
FIRST: Final = "0"
NEW: Final = ">"
_log = logger("labrelay.bus.streams")


def launch_stream(pipeline: str) -> str:
    """The stream's key for a pipeline's topic."""
    return f"launches:{pipeline}"


@dataclass(frozen=True)
class Delivery:
    """One message as delivered; acknowledge it by its id."""

    message_id: str
    launch: Launch


class LaunchConsumer:
    """Takes launches of one pipeline for one worker.

    Args:
        url: address of Redis.
        pipeline: the topic.
        worker: this replica's name, unique among those alive.
    """

    def __init__(self, url: str, pipeline: str, worker: str) -> None:
        self._redis = redis.Redis.from_url(url, decode_responses=True, socket_timeout=30, socket_connect_timeout=3)
        self._stream = launch_stream(pipeline)
        self._worker = worker
        self._settled = FIRST

    def take(self, block_ms: int = 5000) -> Delivery | None:
        """The next launch, or None after `block_ms` milliseconds without one.

        First come launches that this name took and never settled: those of a killed predecessor, or of an answer that
        was lost with its connection.

        Raises:
            ServiceUnavailable: Redis can't be reached.
        """
        try:
            return self._left_over() or self._read(NEW, block_ms)
        except redis.ResponseError as error:
            if "NOGROUP" not in str(error):
                raise
            self._make_group()
            self._settled = ""
            return self._read(NEW, block_ms)
        except redis.RedisError as error:
            self._settled = FIRST
            raise ServiceUnavailable(f"The message bus doesn't answer ({type(error).__name__}).") from error

    def take_over(self, idle_ms: int) -> Delivery | None:
        """A launch that a dead replica took and never acknowledged, idle for `idle_ms` milliseconds or more."""
        try:
            answer: Any = self._redis.xautoclaim(self._stream, GROUP, self._worker, idle_ms, count=1)
        except redis.ResponseError:
            return None
        except redis.RedisError as error:
            raise ServiceUnavailable(f"The message bus doesn't answer ({type(error).__name__}).") from error
        return self._delivery(answer[1])

    def acknowledge(self, delivery: Delivery) -> None:
        """Take the message off the stream: the claim (or its refusal) is settled."""
        try:
            self._settle(delivery.message_id)
        except redis.RedisError as error:
            raise ServiceUnavailable(f"The message bus doesn't answer ({type(error).__name__}).") from error

    def _settle(self, message_id: str) -> None:
        with self._redis.pipeline(transaction=True) as batch:
            batch.xack(self._stream, GROUP, message_id)
            batch.xdel(self._stream, message_id)
            batch.execute()

    def close(self) -> None:
        """Close the connection."""
        self._redis.close()

    def _make_group(self) -> None:
        try:
            self._redis.xgroup_create(self._stream, GROUP, id="0", mkstream=True)
        except redis.ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    def _left_over(self) -> Delivery | None:
        if not self._settled:
            return None
        delivery = self._read(self._settled, None)
        self._settled = delivery.message_id if delivery else ""
        return delivery

    def _read(self, after: str, block_ms: int | None) -> Delivery | None:
        answer: Any = self._redis.xreadgroup(GROUP, self._worker, {self._stream: after}, count=1, block=block_ms)
        if not answer:
            return None
        messages = answer[self._stream] if isinstance(answer, dict) else answer[0][1]
        return self._delivery(messages[0] if messages and isinstance(messages[0], list) else messages)

    def _delivery(self, messages: Any) -> Delivery | None:
        if not messages:
            return None
        message_id, fields = messages[0]
        try:
            return Delivery(message_id, Launch.model_validate_json((fields or {})[FIELD]))
        except (KeyError, ValidationError) as error:  # of another version: the launcher wakes the job once more
            _log.error("a launch can't be read, it is taken off the stream", id=message_id, cause=str(error))
            self._settle(message_id)
            return None
