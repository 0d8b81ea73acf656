"""The receiver's loop: takes up what the gateway offers, a few jobs at a time, and lets rest what can't come now."""

import random
import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, Final

from file_receiver.oem.delivery import Deliveries
from file_receiver.oem.receipts import Receipts
from labrelay.contracts.captures import ReturnOffer
from labrelay.errors import LabrelayError, ServiceUnavailable
from labrelay.pace import Pace
from labrelay.pause import Paused
from labrelay.telemetry import logger

AT_ONCE: Final = 4
QUEUED: Final = 16
MOST: Final = 5_000
WAIT_S: Final = 10.0
PAUSE_S: Final = 0.5
LONGEST_REST_S: Final = 30.0
UNHEARD: Final = ServiceUnavailable.code
"""The gateway itself is away: it can't be told so."""
_log = logger("file_receiver.oem")


@dataclass(frozen=True)
class Rest:
    """One job's pause on the monotonic clock, why, and which kind of trouble the gateway has heard of."""

    until: float
    failures: int
    cause: str
    told: str


class Arrivals:
    """Offered jobs on their way home.

    Args:
        deliveries: brings one job home.
        receipts: what came before.
        pace: that of the deliveries; while it is paused, nothing is asked for and nothing taken up.
    """

    def __init__(self, deliveries: Deliveries, receipts: Receipts, pace: Pace) -> None:
        self._deliveries = deliveries
        self._receipts = receipts
        self._pace = pace
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="receive")
        self._busy: dict[str, Future[None]] = {}
        self._rests: dict[str, Rest] = {}
        self._nudge = threading.Event()
        self._resend = False
        self._asked = False

    def turn(self) -> bool:
        """Take up what is offered and neither under way nor resting.

        Raises:
            ServiceUnavailable: the gateway doesn't answer.
        """
        self._busy = {each: task for each, task in self._busy.items() if not task.done()}
        if self._pace.pauses.active:
            self._pause()
            return True
        limit = min(MOST, QUEUED + len(self._busy) + len(self._rests))
        # The first question is answered at once, with all that an earlier run of this process had accepted.
        patient = self._asked and not self._busy and not self._rests
        answer = self._deliveries.offers(limit, WAIT_S if patient else 0.0)
        self._asked = True
        self._notice_epoch(answer.epoch)
        self._forget(answer.offers)
        fresh = [offer for offer in answer.offers if self._free(offer.job_id)]
        for offer in fresh[: QUEUED - len(self._busy)]:
            self._busy[offer.job_id] = self._pool.submit(self._attend, offer)
        if (answer.offers or self._busy) and (not fresh or len(self._busy) >= QUEUED):
            self._pause()
        return True

    def wake(self) -> None:
        """Try everything again now."""
        self._rests.clear()
        self._nudge.set()

    def stop(self) -> None:
        """Take up nothing more; pulls that break off resume later."""
        self._pace.halt()
        self._nudge.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def status(self) -> dict[str, Any]:
        """What is under way, why the rest waits, and how many files stand."""
        resting = {job_id: rest.cause for job_id, rest in dict(self._rests).items()}
        paused = self._pace.pauses.read().text
        return {"receiving": len(self._busy), "resting": resting, "files": self._receipts.counts(), "paused": paused}

    def _notice_epoch(self, epoch: int) -> None:
        self._resend = self._receipts.note_epoch(epoch) or self._resend
        if self._resend:
            self._deliveries.send_again(epoch)
            self._resend = False

    def _forget(self, offers: tuple[ReturnOffer, ...]) -> None:
        offered = {offer.job_id for offer in offers}
        for job_id in [each for each in list(self._rests) if each not in offered and each not in self._busy]:
            self._rests.pop(job_id, None)

    def _free(self, job_id: str) -> bool:
        rest = self._rests.get(job_id)
        return job_id not in self._busy and (rest is None or time.monotonic() >= rest.until)

    def _pause(self) -> None:
        if self._busy:
            self._await_room()
        else:
            self._nudge.wait(PAUSE_S)
            self._nudge.clear()

    def _await_room(self) -> None:
        """Until one is home, and of many half of them: asking anew for each costs more than it."""
        end = time.monotonic() + PAUSE_S
        while (left := end - time.monotonic()) > 0:
            wait([task for task in self._busy.values() if not task.done()], left, FIRST_COMPLETED)
            if sum(not task.done() for task in self._busy.values()) <= QUEUED // 2:
                return

    def _attend(self, offer: ReturnOffer) -> None:
        try:
            self._deliveries.deliver(offer)
        except Paused as paused:
            _log.info("outputs wait", job=offer.job_id, cause=paused.cause)
        except LabrelayError as error:
            _log.warning("outputs not received yet", job=offer.job_id, code=error.code, cause=error.cause)
            self._rest(offer, error.code, f"{error.cause} {error.next_step}")
        except Exception as error:
            _log.error("receiving failed", job=offer.job_id, exc_info=error)
            self._rest(offer, "internal_error", f"{type(error).__name__}: {error}")
        else:
            self._rests.pop(offer.job_id, None)

    def _rest(self, offer: ReturnOffer, code: str, cause: str) -> None:
        last = self._rests.get(offer.job_id)
        failures = last.failures + 1 if last else 1
        pause = min(LONGEST_REST_S, 0.25 * 2.0 ** min(failures, 8)) * random.uniform(0.7, 1.0)
        told = last.told if last else ""
        if failures > 1 and code not in (UNHEARD, told):
            self._tell(offer, cause)
            told = code
        self._rests[offer.job_id] = Rest(time.monotonic() + pause, failures, cause, told)

    def _tell(self, offer: ReturnOffer, cause: str) -> None:
        try:
            self._deliveries.tell(offer, cause)
        except LabrelayError as error:
            _log.info("trouble not told", job=offer.job_id, cause=error.cause)
