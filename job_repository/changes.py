"""Who waits for what: long polls of the event loop hang on bells, without a thread of their own."""

import threading
import time
from collections.abc import Iterable
from contextlib import AbstractContextManager

from labrelay.bells import Bells, Listener
from labrelay.contracts.jobs import Job, OwnerNews

RECORD = "record"


def keys_of(job: Job) -> set[str]:
    """The keys that a change of this job rings."""
    instrument = job.source.instrument
    pipeline = job.task.pipeline if job.task else None
    wide = {owned_key(job.owner, None, None), owned_key(job.owner, instrument, None)}
    narrow = {owned_key(job.owner, None, pipeline), owned_key(job.owner, instrument, pipeline)}
    return wide | narrow


def owned_key(owner: str, instrument: str | None, pipeline: str | None) -> str:
    """The key of a query for what an owner owns."""
    return f"owned|{owner}|{instrument or ''}|{pipeline or ''}"


def job_bell(job_id: str) -> str:
    """The key of one job."""
    return f"job|{job_id}"


class Changes:
    """The newest running number for each owner's query, and those who wait for a newer one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bells = Bells()
        self._last: dict[str, int] = {}
        self._base = 0
        self._count = self._first = time.time_ns()  # also after a restart every count is a new one
        self._counted: dict[tuple[str, str], int] = {}

    def note(self, keys: Iterable[str], seq: int) -> None:
        """These changed with this number."""
        rung = set(keys)
        with self._lock:
            self._count += 1
            for key in rung:
                if key.startswith("owned|"):
                    self._last[key] = max(seq, self._last.get(key, 0))
                    _, owner, instrument, pipeline = key.split("|", 3)
                    if instrument and not pipeline:
                        self._counted[owner, instrument] = self._count
        self._bells.ring(rung)

    def rebase(self, seq: int) -> None:
        """After a start or a restore everything counts as changed at `seq`; all who wait look again."""
        with self._lock:
            self._base = seq
            self._count += 1
            self._first = self._count
            self._last.clear()
            self._counted.clear()
        self._bells.ring(None)

    def last(self, key: str) -> int:
        """When this query's answer changed last."""
        with self._lock:
            return self._last.get(key, self._base)

    def news(self, owner: str, since: int) -> OwnerNews:
        """The instruments whose lists changed for an owner after an earlier answer's `since`.

        Counted apart from the running numbers, of which a smaller one may be told of later.
        """
        with self._lock:
            if since < self._first:
                return OwnerNews(since=self._count, instruments=None)
            changed = (name for (whose, name), count in self._counted.items() if whose == owner and count > since)
            return OwnerNews(since=self._count, instruments=tuple(sorted(changed)))

    def listening(self, key: str) -> AbstractContextManager[Listener]:
        """A listener for a key; look at the state after entering, so that no ring is missed."""
        return self._bells.listening(key)
