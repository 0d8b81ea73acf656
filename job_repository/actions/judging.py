"""The same verdict on many jobs: what it would change, and how it is given."""

from typing import Final

from job_repository.actions.store import StoredAction
from job_repository.verdicts.store import Verdicts
from labrelay.contracts.actions import JUDGEMENTS, Outcome
from labrelay.contracts.jobs import Job
from labrelay.contracts.verdicts import Judgement, Review, VerdictRequest

SAID: Final[dict[Judgement, str]] = {
    Judgement.ACCEPT: "accepted",
    Judgement.REJECT: "rejected",
    Judgement.UNSURE: "unsure",
    Judgement.NONE: "without a verdict",
}


class Judging:
    """Gives verdicts on behalf of acts.

    Args:
        verdicts: what people say of results.
    """

    def __init__(self, verdicts: Verdicts) -> None:
        self._verdicts = verdicts

    def would(self, judgement: Judgement, job: Job) -> str:
        """What a verdict would change, in words."""
        if not job.outputs:
            return "left alone: it has no sealed results"
        held = self._held(job)
        if held.verdict is judgement:
            return f"nothing changes: it is {SAID[judgement]} already, by {held.by}"
        before = f" instead of {SAID[held.verdict]} (by {held.by})" if held.verdict else ""
        return f"it is marked as {SAID[judgement]}{before}"

    def judge(self, found: StoredAction, job: Job) -> tuple[Outcome, str]:
        """Give the verdict of an act; one that is so already stays, one that somebody gave since the preview, too.

        Raises:
            NoResultsYet: the job has no sealed outputs.
            ReviewChanged: somebody changed the review at this moment.
        """
        judgement, held = JUDGEMENTS[found.action], self._held(job)
        if held.verdict is judgement:
            return "done", "" if held.at_ns >= found.started_ns else f"it was {SAID[judgement]} already"
        if held.at_ns > found.created_ns:
            by = f" (by {held.by})" if held.by else ""
            return "skipped", f"its verdict has changed since the preview: it is {SAID[held.verdict]} now{by}"
        asked = VerdictRequest(verdict=judgement, reason=found.reason, revision=held.revision)
        self._verdicts.judge(job, asked, found.actor, found.id)
        return "done", ""

    def _held(self, job: Job) -> Review:
        return self._verdicts.of([job])[0]
