"""The lease of one claim, renewed from a thread of its own until the result is handed over."""

import threading
import time
from types import TracebackType
from typing import Self

from labrelay.contracts.launches import Claim
from labrelay.errors import LabrelayError, RequestRefused
from labrelay.telemetry import logger
from pipelines.sdk.gateway import Gateway

_log = logger("pipelines.sdk.lease")


class Lease:
    """Renews at a quarter of the lease. A refused renewal means that the attempt is another worker's now.

    A gateway that doesn't answer takes nothing away: it counts leases anew when it is back. So the lease is lost when
    the gateway says so, when the deadline has passed by a lease, or when the worker gives up; never by silence alone.
    """

    def __init__(self, claim: Claim, gateway: Gateway) -> None:
        self._claim = claim
        self._gateway = gateway
        self._deadline = time.monotonic() + claim.deadline_s + claim.lease_s
        self._ended = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"lease-{claim.job_id}", daemon=True)

    @property
    def lost(self) -> bool:
        """Whether nothing may be reported for this attempt any more."""
        return self._lost.is_set()

    def wait_lost(self, seconds: float) -> bool:
        """Wait until it is lost, at most so long; whether it is."""
        return self._lost.wait(seconds)

    def lose(self, reason: str) -> None:
        """Give the attempt up: nothing is renewed or reported any more."""
        if not self._lost.is_set():
            _log.warning("attempt lost", job_id=self._claim.job_id, attempt=self._claim.attempt, reason=reason)
        self._lost.set()
        self._ended.set()

    def __enter__(self) -> Self:
        """Begin to renew."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop renewing; a renewal that is under way ends by itself."""
        self._ended.set()

    def _run(self) -> None:
        while not self._ended.wait(self._claim.lease_s / 4):
            if time.monotonic() > self._deadline:
                self.lose("The deadline has passed.")
            else:
                self._renew()

    def _renew(self) -> None:
        try:
            self._gateway.renew(self._claim)
        except RequestRefused as refusal:
            if not self._ended.is_set():
                self.lose(refusal.cause)
        except LabrelayError as error:
            _log.warning("lease not renewed", job_id=self._claim.job_id, cause=error.cause)
