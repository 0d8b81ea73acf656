"""Long polls: what an owner owns, which inputs are wanted, which captures ended. None holds a thread while it waits."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from anyio.to_thread import run_sync

from job_repository.captures.store import CaptureStore
from job_repository.changes import RECORD, Changes, job_bell, owned_key
from job_repository.instruments.pauses import InstrumentPauses
from job_repository.jobs.jobs import Jobs
from job_repository.live.clocks import Clocks
from job_repository.live.restore import Restorer
from job_repository.live.store import LiveStore
from labrelay import __version__
from labrelay.contracts.captures import EndedCaptures, WantedInput, WantedInputs
from labrelay.contracts.jobs import Job, OwnedJobs, OwnerNews
from labrelay.contracts.plates import FinishedPlates
from labrelay.contracts.states import FINAL, OWNER_OF, Owner, Stage

Answer = TypeVar("Answer")
LONGEST_S: Final = 60.0
APART_S: Final = 0.025
NEWS_APART_S: Final = 0.1
# The repository closes sets itself: the launcher has nothing to do with jobs that wait for others of their set.
OF_SETS: Final = frozenset({Stage.GATHERING, Stage.JOINED})
# The stages nearest to the end come first, so that a long queue never hides the jobs whose leases are watched.
STAGES_OF: Final[dict[Owner, tuple[Stage, ...]]] = {
    owner: tuple(reversed([stage for stage in Stage if stage not in FINAL | OF_SETS and OWNER_OF[stage] is owner]))
    for owner in Owner
}


class LongPolls:
    """The waiting questions."""

    def __init__(
        self,
        live: LiveStore,
        restorer: Restorer,
        clocks: Clocks,
        changes: Changes,
        jobs: Jobs,
        captures: CaptureStore,
        pauses: InstrumentPauses,
    ) -> None:
        self._live = live
        self._restorer = restorer
        self._clocks = clocks
        self._changes = changes
        self._jobs = jobs
        self._captures = captures
        self._pauses = pauses
        self._answered: dict[str, float] = {}

    async def owned(
        self,
        owner: Owner,
        instrument: str | None,
        pipeline: str | None,
        since: int,
        limit: int,
        wait_s: float,
    ) -> OwnedJobs:
        """What the owner owns: at once when that changed after `since`, else after the wait."""
        await self.until_owned(owner, instrument, pipeline, since, wait_s)
        return await run_sync(self.owned_now, owner, instrument, pipeline, limit)

    async def until_owned(
        self, owner: Owner, instrument: str | None, pipeline: str | None, since: int, wait_s: float
    ) -> None:
        """Wait until what the owner owns changed after `since`, or the time is over."""
        key = owned_key(owner, instrument, pipeline)
        await self._changed(key, since, wait_s)
        await self._spaced(key)

    async def news(self, owner: Owner, since: int, wait_s: float) -> OwnerNews:
        """Whose lists have changed for an owner: at once when any has."""

        async def look() -> OwnerNews:
            return self._changes.news(owner, since)

        key = owned_key(owner, None, None)
        answer = await self._until(key, look, lambda news: news.instruments != (), wait_s)
        await self._spaced(f"news|{owner}", NEWS_APART_S)
        return answer if answer.instruments is None else self._changes.news(owner, since)

    async def wanted(self, instrument: str, since: int | None, limit: int, wait_s: float) -> tuple[int, WantedInputs]:
        """The running number and the inputs that are waited for: at once when there are any (or `since` is passed)."""
        key = owned_key(Owner.FILE_SENDER_OEM, instrument, None)
        if since is not None:
            await self._changed(key, since, wait_s)
            wait_s = 0.0

        async def look() -> tuple[int, WantedInputs]:
            return await run_sync(self.wanted_now, instrument, limit)

        return await self._until(key, look, lambda answer: bool(answer[1].wanted), wait_s)

    async def ended(
        self, instrument: str, after: int, limit: int, wait_s: float, paused_ns: int | None = None
    ) -> EndedCaptures:
        """Captures that ended after a number: at once when there are any, or when the gateway's pause is another."""

        async def look() -> EndedCaptures:
            return await run_sync(self._ended_now, instrument, after, limit)

        def is_news(answer: EndedCaptures) -> bool:
            since_ns = answer.paused.gateway.since_ns if answer.paused.gateway else 0
            return bool(answer.ended) or paused_ns not in (None, since_ns)

        return await self._until(RECORD, look, is_news, wait_s)

    async def finished(self, look: Callable[[], FinishedPlates], wait_s: float) -> FinishedPlates:
        """Editions of plates' tables: at once when there are any."""
        return await self._until(RECORD, lambda: run_sync(look), lambda answer: bool(answer.items), wait_s)

    async def job(self, job_id: str, wait_s: float) -> Job:
        """A job: at once when it is final.

        Raises:
            NotFound: there is none with this id.
        """

        async def look() -> Job:
            return await run_sync(self._jobs.get, job_id)

        return await self._until(job_bell(job_id), look, lambda job: job.final, wait_s)

    async def _spaced(self, key: str, apart_s: float = APART_S) -> None:
        """Under load one answer tells of several changes; the first after a pause comes at once."""
        pause = self._answered.get(key, 0.0) + apart_s - time.monotonic()
        if pause > 0:
            await asyncio.sleep(pause)
        self._answered[key] = time.monotonic()

    async def _changed(self, key: str, since: int, wait_s: float) -> None:
        end, epoch = time.monotonic() + min(wait_s, LONGEST_S), self._live.epoch
        with self._changes.listening(key) as listener:
            while self._changes.last(key) <= since and self._live.epoch == epoch:
                if not await listener.wait(end - time.monotonic()):
                    return

    async def _until(
        self, key: str, look: Callable[[], Awaitable[Answer]], enough: Callable[[Answer], bool], wait_s: float
    ) -> Answer:
        """Look until it is enough; a restore (another epoch) ends the wait too, so that callers learn of it at once."""
        end, epoch = time.monotonic() + min(wait_s, LONGEST_S), self._live.epoch
        with self._changes.listening(key) as listener:
            answer = await look()
            while not enough(answer) and self._live.epoch == epoch:
                if not await listener.wait(end - time.monotonic()):
                    return answer
                answer = await look()
            return answer

    def owned_now(self, owner: Owner, instrument: str | None, pipeline: str | None, limit: int) -> OwnedJobs:
        """What the owner owns at this moment."""
        stages = STAGES_OF[owner]
        seq, jobs = self._restorer.guarded(lambda: self._live.standing(stages, instrument, pipeline, limit))
        return OwnedJobs(epoch=self._live.epoch, seq=seq, jobs=tuple(self._clocks.view(job) for job in jobs))

    def _ended_now(self, instrument: str, after: int, limit: int) -> EndedCaptures:
        following, captures = self._captures.ends(instrument, after, limit)
        paused = self._pauses.of(instrument)
        return EndedCaptures(
            epoch=self._live.epoch,
            next=following,
            ended=captures,
            paused=paused,
            version=__version__,
            now_ns=time.time_ns(),
        )

    def wanted_now(self, instrument: str, limit: int) -> tuple[int, WantedInputs]:
        """The running number and the inputs that are waited for at this moment."""
        seq, jobs = self._restorer.guarded(lambda: self._live.wanted(instrument, limit * 2))
        wanted = {job.source.capture_id: _wanted(job) for job in jobs}
        return seq, WantedInputs(epoch=self._live.epoch, wanted=tuple(wanted.values())[:limit])


def _wanted(job: Job) -> WantedInput:
    source = job.source
    return WantedInput(
        capture_id=source.capture_id, folder=source.folder, path=source.path, size=source.size, sha256=source.sha256
    )
