"""The long poll for returns: at once when something new waits, else after a while with all that isn't received yet."""

from file_sender.gateway.jobs import Asker, Jobs, offer_of
from labrelay.contracts.captures import ReturnOffers
from labrelay.contracts.jobs import OwnedJobs
from labrelay.contracts.states import Owner
from labrelay.http import OwnThreads
from labrelay.news import News


class Offers:
    """Jobs whose outputs wait for their instrument.

    Args:
        jobs: the repository's.
        news: tells when an instrument's list has changed.
    """

    def __init__(self, jobs: Jobs, news: News) -> None:
        self._jobs = jobs
        self._news = news
        self._threads = OwnThreads()

    async def wait(self, asker: Asker, wait_s: float, limit: int) -> ReturnOffers:
        """Offers for one instrument.

        Jobs that the instrument has accepted already come too when the time is over (at once with `wait_s` 0), so
        that one that was restarted, and knows nothing of them, takes them up again.
        """

        async def look() -> OwnedJobs:
            return await self._ask(Owner.FILE_SENDER_GATEWAY, asker, limit)

        new = await self._news.until(asker.instrument, look, lambda answer: bool(answer.jobs), wait_s)
        taken = None
        if not new.jobs or not wait_s:
            taken = await self._ask(Owner.FILE_RECEIVER_OEM, asker, limit)
        return _offers(new, taken)

    async def _ask(self, owner: Owner, asker: Asker, limit: int) -> OwnedJobs:
        return await self._threads.run(self._jobs.owned, owner, asker, limit)


def _offers(new: OwnedJobs, taken: OwnedJobs | None) -> ReturnOffers:
    jobs = (*new.jobs, *(taken.jobs if taken else ()))
    by_id = {owned.job.id: offer_of(owned.job) for owned in jobs}
    return ReturnOffers(epoch=new.epoch, offers=tuple(by_id.values()))
