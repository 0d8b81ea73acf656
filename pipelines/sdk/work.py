"""The function's run on one claim, in a thread of its own so that a function that hangs holds up nothing but itself."""

import errno
import shutil
import threading
import time
from pathlib import Path
from typing import Final

from labrelay.contracts.aicsd import WireReport
from labrelay.contracts.launches import Claim
from labrelay.errors import LabrelayError, StorageFull
from labrelay.telemetry import logger
from pipelines.sdk.capture import Capture
from pipelines.sdk.outcome import checked
from pipelines.sdk.pipeline import Pipeline
from pipelines.sdk.report import failure_report, report_of

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
LONGEST_PAUSE_S: Final = 5.0
_log = logger("pipelines.sdk.work")


class Work:
    """One run of a pipeline's function; ends with a report, whatever the function does."""

    def __init__(self, pipeline: Pipeline, claim: Claim) -> None:
        self._pipeline = pipeline
        self._claim = claim
        self._done = threading.Event()
        self._given_up = threading.Event()
        self._report: WireReport | None = None
        self._thread = threading.Thread(target=self._run, name=f"work-{claim.job_id}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wait(self, seconds: float) -> WireReport | None:
        """The report, or None while the function still runs after so many seconds."""
        self._done.wait(seconds)
        return self._report

    @property
    def running(self) -> bool:
        """Whether the function hasn't come back."""
        return not self._done.is_set()

    def give_up(self) -> None:
        """Nobody waits for the report any more: the function isn't called again."""
        self._given_up.set()

    def _run(self) -> None:
        try:
            self._report = self._report_with_room()
        except LabrelayError as error:
            self._report = failure_report(error)
        except BaseException as error:  # sys.exit in a function fails its job, not the worker
            _log.error("pipeline failed", job_id=self._claim.job_id, exc_info=error)
            self._report = failure_report(error)
        finally:
            self._done.set()

    def _report_with_room(self) -> WireReport:
        """While the disk is full the function is called again and again: that is no fault of the image's."""
        end = time.monotonic() + self._claim.deadline_s - self._claim.lease_s
        pause = 0.5
        while True:
            try:
                return self._outcome_report()
            except OSError as error:
                if error.errno not in FULL:
                    raise
                if self._given_up.is_set() or time.monotonic() + pause > end:
                    cause = f"The gateway's disk was full for as long as the job may take ({error})."
                    raise StorageFull(cause) from error
                _log.warning("the disk is full, the job waits", job_id=self._claim.job_id, cause=str(error))
            self._given_up.wait(pause)
            pause = min(LONGEST_PAUSE_S, pause * 2)
            shutil.rmtree(self._claim.output_folder, ignore_errors=True)

    def _outcome_report(self) -> WireReport:
        folder = Path(self._claim.output_folder)
        folder.mkdir(parents=True, exist_ok=True)
        outcome = self._pipeline(Capture.claimed(self._claim), dict(self._claim.parameters), folder)
        return report_of(checked(outcome, folder))
