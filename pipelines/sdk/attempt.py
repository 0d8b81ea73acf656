"""One attempt at a job: run the function under a lease, then report and finish, in this order, with patience."""

import time
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from labrelay.contracts.aicsd import WireReport
from labrelay.contracts.launches import Claim
from labrelay.contracts.states import PipelineStatus
from labrelay.errors import Conflict, Forbidden, LabrelayError, NotFound, RequestRefused
from labrelay.telemetry import logger
from pipelines.sdk.gateway import Gateway
from pipelines.sdk.lease import Lease
from pipelines.sdk.outcome import OutcomeInvalid
from pipelines.sdk.pipeline import Pipeline
from pipelines.sdk.report import failure_report
from pipelines.sdk.work import Work

LINGER_S: Final = 10.0
"""How long a function may go on after its attempt was lost before its thread is left alone."""

LONGEST_PAUSE_S: Final = 2.0
_log = logger("pipelines.sdk.attempt")


class Ending(StrEnum):
    """How an attempt ended, as the metrics count it."""

    COMPLETE = "complete"
    FAILED = "failed"
    DROPPED = "dropped"


class Attempt:
    """One claim, from the function's call to the accepted status.

    Args:
        pipeline: the work.
        claim: this worker's hold on the job.
        gateway: where to report.
        linger_s: seconds that the function may go on after the attempt was lost.
    """

    def __init__(self, pipeline: Pipeline, claim: Claim, gateway: Gateway, linger_s: float = LINGER_S) -> None:
        self._claim = claim
        self._gateway = gateway
        self._linger_s = linger_s
        self._lease = Lease(claim, gateway)
        self._deadline = time.monotonic() + claim.deadline_s
        self.work = Work(pipeline, claim)

    def give_up(self, reason: str) -> None:
        """End without a report; the launcher relaunches the job when the lease has ended."""
        self._linger_s = 0.0
        self._lease.lose(reason)

    def run(self) -> Ending:
        """Work and report; an attempt that was lost on the way is dropped without a word to anybody."""
        with self._lease:
            self.work.start()
            report = self._await_report()
            if report is None or self._lease.lost:
                self.work.give_up()
                return Ending.DROPPED
            return self._hand_over(report)

    def _await_report(self) -> WireReport | None:
        while not self._lease.lost:
            if report := self.work.wait(0.2):
                return report
        return self.work.wait(self._linger_s)

    def _hand_over(self, report: WireReport) -> Ending:
        try:
            return self._delivered(report)
        except (Conflict, Forbidden, NotFound) as refusal:
            _log.warning("result dropped", job_id=self._claim.job_id, cause=refusal.cause)
        except RequestRefused as refusal:
            return self._hand_over_refusal(report, refusal)
        except LabrelayError as error:
            _log.error("result not delivered", job_id=self._claim.job_id, cause=error.cause)
        return Ending.DROPPED

    def _hand_over_refusal(self, report: WireReport, refusal: RequestRefused) -> Ending:
        """A report that the gateway can't accept becomes a failure that says so."""
        if report.status == PipelineStatus.FAILED:
            _log.error("failure not accepted", job_id=self._claim.job_id, cause=refusal.cause)
            return Ending.DROPPED
        return self._hand_over(failure_report(OutcomeInvalid(f"The gateway refused the report: {refusal.cause}")))

    def _delivered(self, report: WireReport) -> Ending:
        self._patiently(lambda: self._gateway.report(self._claim, report))
        self._patiently(lambda: self._gateway.finish(self._claim, report.status))
        return Ending.COMPLETE if report.status == PipelineStatus.COMPLETE else Ending.FAILED

    def _patiently(self, call: Callable[[], None]) -> None:
        """Repeat a call that gets no answer until it gets one, the lease is lost or the deadline has passed."""
        pause = 0.1
        while True:
            try:
                return call()
            except RequestRefused:
                raise
            except LabrelayError:
                if self._lease.wait_lost(pause) or time.monotonic() > self._deadline:
                    raise
            pause = min(LONGEST_PAUSE_S, pause * 2)
