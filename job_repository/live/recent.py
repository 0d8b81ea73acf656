"""Jobs as this process wrote them last, so that the next step needn't read them: the script compares what is stored."""

import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from labrelay.contracts.jobs import Job

KEPT: Final = 512


class Recent:
    """The newest jobs that are not final, as far as this process knows them. What it tells may be out of date."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._lock = threading.Lock()
        self._jobs: OrderedDict[str, Job] = OrderedDict()

    def note(self, jobs: Iterable[Job]) -> None:
        """These were written."""
        with self._lock:
            for job in jobs:
                self._jobs.pop(job.id, None)
                if not job.final:
                    self._jobs[job.id] = job
            while len(self._jobs) > self._kept:
                self._jobs.popitem(last=False)

    def forget(self, job_ids: Iterable[str]) -> None:
        """Others may have written these."""
        with self._lock:
            for job_id in job_ids:
                self._jobs.pop(job_id, None)

    def of(self, job_id: str, epoch: int) -> Job | None:
        """A job of this epoch."""
        job = self._jobs.get(job_id)
        return job if job is not None and job.epoch == epoch else None
