"""The worker: a pipeline's lanes and heartbeat, from start to clean stop."""

import os
import socket
import time
from collections.abc import Callable
from typing import Final

from labrelay.bus import LaunchConsumer
from labrelay.loops import OwnerLoop
from labrelay.settings import Settings
from labrelay.telemetry import logger
from pipelines.sdk.attempt import LINGER_S
from pipelines.sdk.gateway import Gateway
from pipelines.sdk.heartbeat import Heartbeat, registry_of
from pipelines.sdk.lane import TAKE_OVER_IDLE_MS, Lane
from pipelines.sdk.pipeline import Pipeline

GRACE_S: Final = 10.0
REPLACE_ME: Final = 75
"""Exit status of a process that asks to be started again (EX_TEMPFAIL of sysexits.h)."""

_log = logger("pipelines.sdk.worker")


def replace_process() -> None:
    """End this process at once: threads that hang can't be ended otherwise."""
    os._exit(REPLACE_ME)


class Worker:
    """Works on a pipeline's launches until it is stopped.

    Args:
        pipeline: the work.
        settings: where bus and registry are.
        replica: tells this worker from others of the same pipeline on this machine.
        concurrency: jobs at a time.
        replace_process: called when more than two functions hang; ends the process by default.
        take_over_idle_ms: a launch that another worker took and didn't settle for so long is taken over.
        linger_s: seconds that a function may go on after its attempt was lost.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        settings: Settings,
        replica: str = "1",
        *,
        concurrency: int = 1,
        replace_process: Callable[[], None] = replace_process,
        take_over_idle_ms: int = TAKE_OVER_IDLE_MS,
        linger_s: float = LINGER_S,
    ) -> None:
        self.pipeline = pipeline
        self.name = f"{socket.gethostname()}-{replica}"
        names = [f"{self.name}.{number}" for number in range(1, concurrency + 1)]
        self._lanes = [
            Lane(
                pipeline,
                LaunchConsumer(settings.redis_url, pipeline.topic, name),
                name,
                Gateway(settings),
                replace_process,
                idle_ms=take_over_idle_ms,
                linger_s=linger_s,
            )
            for name in names
        ]
        self._loops = [
            OwnerLoop(f"{pipeline.topic}-{name}", lane.turn) for name, lane in zip(names, self._lanes, strict=True)
        ]
        self._heartbeat = Heartbeat(pipeline, self.name, registry_of(settings))

    @property
    def trouble(self) -> str:
        """What keeps it from working now, in plain words; empty when nothing does."""
        return next((loop.trouble for loop in self._loops if loop.trouble), "")

    def start(self) -> None:
        """Begin to take launches."""
        self._heartbeat.start()
        for loop in self._loops:
            loop.start()
        _log.info("worker started", pipeline=self.pipeline.topic, worker=self.name)

    def stop(self, grace_s: float = GRACE_S) -> None:
        """Take nothing new and wait for what is in work; after `grace_s` seconds it is given up and launched again."""
        end = time.monotonic() + grace_s
        for loop in self._loops:
            loop.stop(0.0)
        for loop in self._loops:
            loop.stop(max(0.0, end - time.monotonic()))
        for lane, loop in zip(self._lanes, self._loops, strict=True):
            lane.give_up("The worker stops.")
            loop.stop(2.0)
            lane.close()
        self._heartbeat.stop()
        _log.info("worker stopped", pipeline=self.pipeline.topic, worker=self.name)
