"""An absent OEM side can't say so: the repository flags the jobs that wait for it. They wait on, nothing fails."""

import contextlib
from typing import Final

from job_repository.instruments.pauses import InstrumentPauses
from job_repository.jobs.jobs import Jobs
from job_repository.live.clocks import Clocks
from job_repository.live.restore import Restorer
from job_repository.live.store import LiveStore
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from labrelay.contracts.transitions import MarkOverdue
from labrelay.errors import Conflict

ACTOR: Final = "job-repository"
MOST: Final = 5000
_NOT_FETCHED: Final = (
    "The results weren't fetched yet: look whether the instrument's side runs and reaches the gateway."
)
REASONS: Final = {
    Stage.AWAITING_INPUT: "The file hasn't come yet: look whether the instrument's side runs and reaches the gateway.",
    Stage.RETURNING: _NOT_FETCHED,
    Stage.RECEIVING: _NOT_FETCHED,
}
PAUSED: Final = "The instrument is "


class Absence:
    """Looks for jobs that wait too long for an OEM side.

    Args:
        pauses: explain the absence, where there is one.
        overdue_s: seconds in one stage after which a job is flagged.
    """

    def __init__(
        self,
        live: LiveStore,
        restorer: Restorer,
        clocks: Clocks,
        jobs: Jobs,
        pauses: InstrumentPauses,
        overdue_s: float,
    ) -> None:
        self._live = live
        self._restorer = restorer
        self._clocks = clocks
        self._jobs = jobs
        self._pauses = pauses
        self._overdue_s = overdue_s

    def turn(self) -> bool:
        """Flag each once, and once more when the reason is another."""
        _, waiting = self._restorer.guarded(lambda: self._live.standing(tuple(REASONS), None, None, MOST))
        for job in waiting:
            if job.stage not in REASONS:  # it moved on between the index and the look at it
                continue
            reason = self._reason(job)
            if _is_own(job.overdue) and job.overdue != reason and self._clocks.view(job).age_s > self._overdue_s:
                self._flag(job, reason)
        return False

    def _reason(self, job: Job) -> str:
        paused = self._pauses.of(job.source.instrument)
        return f"{PAUSED}{paused.text}." if paused.active else REASONS[job.stage]

    def _flag(self, job: Job, reason: str) -> None:
        step = MarkOverdue(epoch=job.epoch, actor=ACTOR, reason=reason)
        with contextlib.suppress(Conflict):  # it moved on meanwhile
            self._jobs.step(job.id, step)


def _is_own(reason: str) -> bool:
    """Whether nobody who knows better has said why the job waits."""
    return not reason or reason in REASONS.values() or reason.startswith(PAUSED)
