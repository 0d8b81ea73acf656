"""What the Bento's worker process holds: the model, which it loads in the background, and the SDK's worker."""

import os
import threading
from typing import Final

from labrelay.errors import LabrelayError, ServiceUnavailable
from labrelay.settings import Settings
from labrelay.telemetry import logger
from pipelines.counting.kind import Kind
from pipelines.counting.work import Counting
from pipelines.sdk import Worker

WORKER: Final = "LABRELAY_WORKER"
"""Environment variable: `off` runs the service without taking launches."""

REPLICA: Final = "LABRELAY_REPLICA"
"""Environment variable: tells this replica from others on the same machine."""

AGAIN_S: Final = 5.0
"""A package that can't be loaded is tried again after so many seconds: somebody may be copying it."""

_log = logger("pipelines.counting")


class Station:
    """Loads and compiles the model, then begins to take launches; until then it says why it can't work yet.

    A package that is no good ends nothing: the service stays, answers with the reason, sends no heartbeat, and takes
    the package as soon as it is right.
    """

    def __init__(self, kind: Kind, settings: Settings) -> None:
        self._kind = kind
        self._settings = settings
        self._counting: Counting | None = None
        self._trouble: LabrelayError = ServiceUnavailable(f"The model of {kind.topic} is being compiled.")
        self._worker: Worker | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._prepare, name="station", daemon=True)

    @property
    def trouble(self) -> LabrelayError | None:
        """Why no image can be counted yet; None as soon as the model is compiled."""
        return None if self._counting else self._trouble

    @property
    def counting(self) -> Counting:
        """The pipeline with its compiled model.

        Raises:
            LabrelayError: why there is none yet.
        """
        if self._counting is None:
            raise self._trouble
        return self._counting

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the job in work, or give it up after a grace."""
        self._stop.set()
        self._thread.join()
        if self._worker is not None:
            self._worker.stop()

    def _prepare(self) -> None:
        counting = self._load()
        while counting is None and not self._stop.wait(AGAIN_S):
            counting = self._load()
        if counting is None or self._stop.is_set():
            return
        if os.environ.get(WORKER, "").lower() != "off":
            self._work(counting)
        self._counting = counting

    def _load(self) -> Counting | None:
        try:
            return Counting.loaded(self._kind, self._settings)
        except LabrelayError as error:
            if error.cause != self._trouble.cause:
                _log.error("the model can't be loaded", pipeline=self._kind.topic, cause=error.cause)
            self._trouble = error
            return None
        except OSError as error:  # its folder for compiled models can't be written, for example
            _log.error("the model can't be loaded", pipeline=self._kind.topic, exc_info=error)
            self._trouble = ServiceUnavailable(f"The model of {self._kind.topic} can't be loaded: {error}.")
            return None

    def _work(self, counting: Counting) -> None:
        replica, concurrency = os.environ.get(REPLICA, "1"), self._settings.pipelines.concurrency
        self._worker = Worker(counting.pipeline, self._settings, replica, concurrency=concurrency)
        self._worker.start()
