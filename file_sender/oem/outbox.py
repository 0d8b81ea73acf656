"""The sender's loop: takes what the gateway wants, a few at a time, and lets rest what can't go now."""

import threading
import time
from functools import partial
from typing import Any, Final

from file_sender.oem.lines import QUEUED, Lines
from file_sender.oem.rests import PATIENCE_S, Rests
from file_sender.oem.sending import Sender
from labrelay.contracts.captures import WantedInput
from labrelay.errors import InputProblem, LabrelayError, ServiceUnavailable
from labrelay.pause import Paused, PauseFiles
from labrelay.telemetry import logger

MOST: Final = 5_000
WAIT_S: Final = 10.0
PAUSE_S: Final = 0.5
GATEWAY_REST_S: Final = 2.0
WAITS: Final = "input_waits"
_log = logger("file_sender.oem")


class Outbox:
    """Wanted inputs on their way.

    Args:
        sender: brings them to the gateway.
        pauses: while one holds, nothing is asked for and nothing taken up.
    """

    def __init__(self, sender: Sender, pauses: PauseFiles) -> None:
        self._sender = sender
        self._pauses = pauses
        self._lines = Lines()
        self._further = 0
        self._rests = Rests()
        self._told: dict[str, str] = {}
        self._nudge = threading.Event()
        self._gateway_rests_until = 0.0
        self.gateway_trouble = ""

    def turn(self) -> bool:
        """Take up what is wanted and neither under way nor resting.

        Raises:
            ServiceUnavailable: the gateway doesn't answer.
        """
        self._lines.tidy()
        if self._pauses.active:
            self._pause()
            return True
        limit = min(MOST, QUEUED + len(self._lines) + len(self._rests) + self._further)
        answer = self._sender.wanted(limit, 0.0 if self._lines or len(self._rests) else WAIT_S)
        if len(answer.wanted) < limit:
            self._forget_all_but({each.capture_id for each in answer.wanted} | set(self._lines.captures))
        fresh = [each for each in answer.wanted if self._free(each.capture_id)]
        taken = [self._lines.take(each.folder, each.capture_id, partial(self._attend, each)) for each in fresh]
        self._look_further(crowded=bool(taken) and not any(taken))
        if (answer.wanted or self._lines) and not all(taken or [False]):
            self._pause()
        return True

    def _look_further(self, *, crowded: bool) -> None:
        """Where all that is wanted first belongs to folders that don't get on, others may be wanted behind them."""
        self._further = min(MOST, 2 * self._further + QUEUED) if crowded and self._lines.still else 0

    def wake(self) -> None:
        """Try everything again now."""
        self._gateway_rests_until = 0.0
        self._rests.wake()
        self._nudge.set()

    def stop(self) -> None:
        """Take up nothing more; uploads that are cut off resume later."""
        self._sender.halt()
        self._nudge.set()
        self._lines.stop()

    def status(self) -> dict[str, Any]:
        """What is under way, and why the rest waits."""
        waits = {"resting": self._rests.causes(), "gateway": self.gateway_trouble, "paused": self._pauses.read().text}
        return {"sending": len(self._lines), **waits}

    def _forget_all_but(self, capture_ids: set[str]) -> None:
        self._rests.keep_only(capture_ids)
        self._told = {each: code for each, code in dict(self._told).items() if each in capture_ids}

    def _free(self, capture_id: str) -> bool:
        return (
            capture_id not in self._lines
            and not self._rests.resting(capture_id)
            and time.monotonic() >= self._gateway_rests_until
        )

    def _pause(self) -> None:
        if self._lines:
            self._lines.await_room(PAUSE_S)
        else:
            self._nudge.wait(PAUSE_S)
            self._nudge.clear()

    def _attend(self, wanted: WantedInput) -> None:
        try:
            self._sender.send(wanted)
        except Paused as paused:
            _log.info("input waits", capture=wanted.capture_id, cause=paused.cause)
        except InputProblem as problem:
            self._rest(wanted, problem)
        except LabrelayError as error:
            self._postpone(wanted, error)
        except Exception as error:
            _log.error("sending failed", capture=wanted.capture_id, exc_info=error)
            self._rests.begin(wanted.capture_id, "internal_error", f"{type(error).__name__}: {error}")
        else:
            self._rests.end(wanted.capture_id)
            self._told.pop(wanted.capture_id, None)
            self.gateway_trouble = ""

    def _rest(self, wanted: WantedInput, problem: InputProblem) -> None:
        lasted = self._rests.begin(wanted.capture_id, problem.code, problem.cause)
        if lasted < PATIENCE_S.get(problem.code, 0.0):
            return
        self._tell(wanted, problem.code, problem.cause)

    def _tell(self, wanted: WantedInput, code: str, cause: str) -> None:
        try:
            self._sender.tell(wanted, code, cause)
        except LabrelayError as error:
            _log.warning("trouble not told yet", capture=wanted.capture_id, cause=error.cause)

    def _say_why(self, wanted: WantedInput, error: LabrelayError) -> None:
        """On the job's page; once for each kind of trouble, and not when nobody hears it."""
        if type(error) is ServiceUnavailable or self._told.get(wanted.capture_id) == error.code:
            return
        self._told[wanted.capture_id] = error.code
        self._tell(wanted, WAITS, f"{error.cause} {error.next_step}")

    def _postpone(self, wanted: WantedInput, error: LabrelayError) -> None:
        _log.warning("input not sent yet", capture=wanted.capture_id, code=error.code, cause=error.cause)
        if type(error).code in ("service_unavailable", "storage_full"):
            # The gateway itself is away or full: no use in trying the next input at once.
            self.gateway_trouble = error.cause
            self._gateway_rests_until = time.monotonic() + GATEWAY_REST_S
            self._say_why(wanted, error)
        elif self._rests.begin(wanted.capture_id, error.code, error.cause) > 0:  # not for the first time
            self._say_why(wanted, error)
