"""Laying out an attempt's inputs. Large ones are copied for longer than a worker's call waits and its lease lasts."""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Final

from labrelay.contracts.jobs import Job
from labrelay.errors import LabrelayError, RequestRefused, ServiceUnavailable
from labrelay.layout import GatewayLayout
from labrelay.telemetry import logger
from task_launcher.attempts import inputs_of, prepare
from task_launcher.jobs import Jobs

LARGE: Final = 64_000_000
"""Bytes from which on inputs are copied in a thread of their own."""
WAIT_S: Final = 5.0
"""A worker's call is answered within this time, and repeated by the worker."""
GRACE_S: Final = 20.0
AT_ONCE: Final = 4
_log = logger("task_launcher.preparing")

Prepared = tuple[tuple[Path, ...], Path]
"""The inputs' paths and the output folder."""
Making = tuple[Future[Prepared], threading.Event]
"""The work, and whether the worker has its answer."""
Attempt = tuple[str, int, int]
"""A job's id, epoch and attempt."""


class InputBeingLaidOut(ServiceUnavailable):
    """A large input is still being copied for its attempt; the worker asks again by itself."""

    code = "input_being_laid_out"


class Preparations:
    """Private folders in the making; their attempts' leases are renewed until the worker has its answer.

    Args:
        layout: the gateway's folder.
        jobs: the job repository.
    """

    def __init__(self, layout: GatewayLayout, jobs: Jobs) -> None:
        self._layout = layout
        self._jobs = jobs
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="prepare")
        self._lock = threading.Lock()
        self._making: dict[Attempt, Making] = {}

    def of(self, job: Job, lease_s: float, wait_s: float | None = WAIT_S) -> Prepared:
        """The private folder of the attempt that holds the job; repeating it changes nothing.

        Args:
            job: as its attempt holds it.
            lease_s: seconds of the attempt's lease.
            wait_s: longest wait for a large input; None waits for as long as it takes.

        Raises:
            InputBeingLaidOut: it isn't ready yet; ask again.
            InputLost: the input's bytes aren't in the store, or no longer those that arrived.
            OSError: the folder can't be made.
        """
        if sum(source.size for source in inputs_of(job)) < LARGE:
            return prepare(self._layout, job)
        key = (job.id, job.epoch, job.attempt)
        with self._lock:
            making, answered = self._making.get(key) or self._begin(key, job, lease_s)
        wait([making], wait_s)
        if not making.done():
            raise InputBeingLaidOut(f"The input of job {job.id} is still being copied for its pipeline.")
        answered.set()
        with self._lock:
            self._making.pop(key, None)
        return making.result()

    def _begin(self, key: Attempt, job: Job, lease_s: float) -> Making:
        making: Making = self._pool.submit(prepare, self._layout, job), threading.Event()
        self._making[key] = making
        keeper = threading.Thread(target=self._keep, args=(key, *making, lease_s), name=f"keep-{job.id}", daemon=True)
        keeper.start()
        return making

    def _keep(self, key: Attempt, task: Future[Prepared], answered: threading.Event, lease_s: float) -> None:
        """Renew the lease until the worker has its answer, or doesn't ask for it any more."""
        forgotten = float("inf")
        while not answered.wait(lease_s / 3) and time.monotonic() < forgotten:
            if task.done() and forgotten == float("inf"):
                forgotten = time.monotonic() + GRACE_S
            if not self._renew(key, lease_s):
                break
        with self._lock:
            self._making.pop(key, None)

    def _renew(self, key: Attempt, lease_s: float) -> bool:
        try:
            self._jobs.renew(*key, lease_s)
        except RequestRefused:  # another attempt holds the job
            return False
        except LabrelayError as error:
            _log.warning("lease not renewed", job_id=key[0], cause=error.cause)
        return True
