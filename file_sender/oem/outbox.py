"""The sender's loop: takes what the gateway wants, a few at a time, and lets rest what can't go now."""

import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, Final

from file_sender.oem.rests import PATIENCE_S, Rests
from file_sender.oem.sending import Sender
from labrelay.contracts.captures import WantedInput
from labrelay.errors import InputProblem, LabrelayError
from labrelay.telemetry import logger

AT_ONCE: Final = 3
QUEUED: Final = 12
MOST: Final = 5_000
WAIT_S: Final = 2.0
PAUSE_S: Final = 0.5
GATEWAY_REST_S: Final = 2.0
_log = logger("file_sender.oem")


class Outbox:
    """Wanted inputs on their way."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="send")
        self._busy: dict[str, Future[None]] = {}
        self._rests = Rests()
        self._nudge = threading.Event()
        self._gateway_rests_until = 0.0
        self.gateway_trouble = ""

    def turn(self) -> bool:
        """Take up what is wanted and neither under way nor resting.

        Raises:
            ServiceUnavailable: the gateway doesn't answer.
        """
        self._busy = {each: task for each, task in self._busy.items() if not task.done()}
        limit = min(MOST, QUEUED + len(self._busy) + len(self._rests))
        answer = self._sender.wanted(limit, 0.0 if self._busy or len(self._rests) else WAIT_S)
        if len(answer.wanted) < limit:
            self._rests.keep_only({each.capture_id for each in answer.wanted} | self._busy.keys())
        fresh = [each for each in answer.wanted if self._free(each.capture_id)]
        for wanted in fresh[: QUEUED - len(self._busy)]:
            self._busy[wanted.capture_id] = self._pool.submit(self._attend, wanted)
        if (answer.wanted or self._busy) and (not fresh or len(self._busy) >= QUEUED):
            self._pause()
        return True

    def wake(self) -> None:
        """Try everything again now."""
        self._gateway_rests_until = 0.0
        self._rests.wake()
        self._nudge.set()

    def stop(self) -> None:
        """Take up nothing more; uploads that are cut off resume later."""
        self._sender.halt()
        self._nudge.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def status(self) -> dict[str, Any]:
        """What is under way, and why the rest waits."""
        return {"sending": len(self._busy), "resting": self._rests.causes(), "gateway": self.gateway_trouble}

    def _free(self, capture_id: str) -> bool:
        return (
            capture_id not in self._busy
            and not self._rests.resting(capture_id)
            and time.monotonic() >= self._gateway_rests_until
        )

    def _pause(self) -> None:
        if self._busy:
            wait(self._busy.values(), timeout=PAUSE_S, return_when=FIRST_COMPLETED)
        else:
            self._nudge.wait(PAUSE_S)
            self._nudge.clear()

    def _attend(self, wanted: WantedInput) -> None:
        try:
            self._sender.send(wanted)
        except InputProblem as problem:
            self._rest(wanted, problem)
        except LabrelayError as error:
            self._postpone(wanted, error)
        except Exception as error:
            _log.error("sending failed", capture=wanted.capture_id, exc_info=error)
            self._rests.begin(wanted.capture_id, "internal_error", f"{type(error).__name__}: {error}")
        else:
            self._rests.end(wanted.capture_id)
            self.gateway_trouble = ""

    def _rest(self, wanted: WantedInput, problem: InputProblem) -> None:
        lasted = self._rests.begin(wanted.capture_id, problem.code, problem.cause)
        if lasted < PATIENCE_S.get(problem.code, 0.0):
            return
        try:
            self._sender.tell(wanted, problem)
        except LabrelayError as error:
            _log.warning("trouble not told yet", capture=wanted.capture_id, cause=error.cause)

    def _postpone(self, wanted: WantedInput, error: LabrelayError) -> None:
        _log.warning("input not sent yet", capture=wanted.capture_id, code=error.code, cause=error.cause)
        if type(error).code in ("service_unavailable", "storage_full"):
            # The gateway itself is away or full: no use in trying the next input at once.
            self.gateway_trouble = error.cause
            self._gateway_rests_until = time.monotonic() + GATEWAY_REST_S
        else:
            self._rests.begin(wanted.capture_id, error.code, error.cause)
