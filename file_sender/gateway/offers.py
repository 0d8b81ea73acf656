"""The long poll for returns: at once when something new waits, else after a while with all that isn't received yet."""

import time
from collections.abc import Awaitable, Callable
from typing import Final

import anyio
from anyio import CapacityLimiter, to_thread

from file_sender.gateway.jobs import Jobs, offer_of
from labrelay.contracts.captures import ReturnOffers
from labrelay.contracts.jobs import OwnedJobs
from labrelay.contracts.states import Owner

WAITING: Final = 64
"""Instruments that can wait at the same time, each in short turns, in threads kept apart from all other work."""
TURN_S: Final = 1.0
GAP_S: Final = 0.2

Gone = Callable[[], Awaitable[bool]]


class Offers:
    """Jobs whose outputs wait for their instrument."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._waiting = CapacityLimiter(WAITING)

    async def wait(self, instrument: str, wait_s: float, limit: int, gone: Gone) -> ReturnOffers:
        """Offers for one instrument.

        Jobs that the instrument has accepted already come too when the time is over (at once with `wait_s` 0), so
        that one that was restarted, and knows nothing of them, takes them up again.
        """
        end = time.monotonic() + wait_s
        new = await self._ask(Owner.FILE_SENDER_GATEWAY, instrument, 0, limit, 0.0)
        while not new.jobs and (left := end - time.monotonic()) > 0 and not await gone():
            asked = time.monotonic()
            new = await self._ask(Owner.FILE_SENDER_GATEWAY, instrument, new.seq, limit, min(TURN_S, left))
            if not new.jobs and time.monotonic() - asked < GAP_S:
                await anyio.sleep(min(GAP_S, max(0.0, end - time.monotonic())))
        taken = None
        if not new.jobs or not wait_s:
            taken = await self._ask(Owner.FILE_RECEIVER_OEM, instrument, 0, limit, 0.0)
        return _offers(new, taken)

    async def _ask(self, owner: Owner, instrument: str, since: int, limit: int, wait: float) -> OwnedJobs:
        def ask() -> OwnedJobs:
            return self._jobs.owned(owner, instrument, since=since, limit=limit, wait=wait)

        return await to_thread.run_sync(ask, limiter=self._waiting)


def _offers(new: OwnedJobs, taken: OwnedJobs | None) -> ReturnOffers:
    jobs = (*new.jobs, *(taken.jobs if taken else ()))
    by_id = {owned.job.id: offer_of(owned.job) for owned in jobs}
    return ReturnOffers(epoch=new.epoch, offers=tuple(by_id.values()))
