"""The job repository as the launcher sees it: what it owns, and the steps that it asks for."""

from collections.abc import Collection
from typing import Any, Final

from labrelay.contracts.jobs import Job, OwnedJobs
from labrelay.contracts.states import Owner, Stage
from labrelay.contracts.transitions import AnyStep, StepRequest
from labrelay.errors import Conflict, RequestRefused
from labrelay.http.client import Client
from labrelay.telemetry import logger

ACTOR: Final = Owner.TASK_LAUNCHER.value
LIMIT: Final = 200
"""Jobs per answer; the repository gives the open ones before those that wait, and instruments in turn."""

_log = logger("task_launcher.jobs")


class Jobs:
    """Typed calls to the repository's job side.

    Every call raises `ServiceUnavailable` while the repository doesn't answer.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def owned(self, since: int = 0, wait_s: int = 0, pipeline: str | None = None) -> OwnedJobs:
        """The launcher's jobs, `LIMIT` at most.

        Args:
            since: return at once when one of them changed after this running number.
            wait_s: else return after so many seconds.
            pipeline: only jobs of this topic.
        """
        asked: dict[str, Any] = {"owner": ACTOR, "since": since, "wait": wait_s, "limit": LIMIT, "pipeline": pipeline}
        return self._client.ask(OwnedJobs, "GET", "/api/v2/owned", params=asked)

    def ready_of(self, plates: Collection[str]) -> list[Job]:
        """Jobs of these plates that wait for a launch, `LIMIT` at most."""
        if not plates:
            return []
        asked = [("stage", Stage.READY.value), ("limit", str(LIMIT)), *(("plate", plate) for plate in sorted(plates))]
        return [Job.model_validate(job) for job in self._client.get("/api/v2/jobs", params=asked)["items"]]

    def job(self, job_id: str) -> Job:
        """One job.

        Raises:
            NotFound: no job has this id.
        """
        return self._client.ask(Job, "GET", f"/api/v2/jobs/{job_id}")

    def take(self, job_id: str, step: AnyStep) -> Job:
        """Ask for a step and get the job as it is after it.

        Raises:
            Conflict: the job has moved on, or another attempt holds it.
            NotFound: no job has this id.
        """
        asked = StepRequest(step=step)
        return self._client.ask(Job, "POST", f"/api/v2/jobs/{job_id}/transitions", asked)

    def try_take(self, job_id: str, step: AnyStep) -> Job | None:
        """As `take`; None where the repository refuses the step, so that one odd job holds up no other."""
        try:
            return self.take(job_id, step)
        except Conflict:  # it moved on meanwhile, which is the usual reason
            return None
        except RequestRefused as error:
            _log.warning("step refused", job_id=job_id, code=error.code, cause=error.cause)
            return None

    def renew(self, job_id: str, epoch: int, attempt: int, lease_s: float) -> float:
        """Renew an attempt's lease; the seconds that it now runs.

        Raises:
            Conflict: the attempt holds no lease any more.
        """
        body = {"epoch": epoch, "attempt": attempt, "lease_s": lease_s}
        return float(self._client.post(f"/api/v2/jobs/{job_id}/lease", body)["lease_s"])
