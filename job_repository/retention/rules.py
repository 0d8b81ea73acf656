"""May it go? Pure: what is known of an input, an output or an original, and what its rule says."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from job_repository.plates.identity import is_table
from labrelay.contracts.jobs import Job
from labrelay.contracts.retention import Terms, Why
from labrelay.contracts.states import Stage
from labrelay.settings.retention import AgeRule, InputRule, JobRule, OutputRule

COULD_BE_RETRIED: Final = frozenset({Stage.FAILED, Stage.CANCELLED})


@dataclass(frozen=True)
class Place:
    """Where a content lies on an instrument, as far as the gateway knows.

    Attributes:
        capture_id: what it was announced as.
        here: it was announced from there, hasn't changed since, and no rule there has let it go.
        vouched: the instrument has just read these very bytes there (None: it wasn't asked lately).
    """

    capture_id: str
    here: bool
    vouched: bool | None = None


@dataclass(frozen=True)
class Content:
    """One content of one instrument.

    Attributes:
        places: of all its captures.
        jobs: of all its captures, as they stand now.
        whole: every planned job is known.
    """

    places: tuple[Place, ...]
    jobs: tuple[Job, ...]
    whole: bool

    @property
    def since_ns(self) -> int:
        """When the last job ended."""
        return max((job.updated_ns for job in self.jobs), default=0)

    @property
    def complete(self) -> bool:
        """All jobs came to a good end."""
        return bool(self.jobs) and all(job.stage is Stage.COMPLETE for job in self.jobs)


def of_input(content: Content, rule: InputRule, now_ns: int) -> Why:
    """Whether a content may leave the gateway's store."""
    if not content.places:
        return Why.UNNAMED
    if not content.whole:
        return Why.UNFINISHED
    if why := _of_jobs(content.jobs, rule, now_ns):
        return why
    answers = [place.vouched for place in content.places if place.here]
    if True in answers or (rule.last_copy and content.complete):
        return Why.NOTHING
    return Why.ASKED if None in answers else Why.LAST_COPY


def of_push(content: Content, modified_ns: int, rule: AgeRule, now_ns: int) -> Why:
    """Whether a pushed content that nobody names may go."""
    if content.places:
        return Why.NAMED
    if not rule.on:
        return Why.NO_RULE
    return Why.YOUNG if rule.is_young(modified_ns, now_ns) else Why.NOTHING


def of_output(job: Job | None, rule: OutputRule, now_ns: int) -> Why:
    """Whether the sealed outputs of a job may go."""
    if job is None:
        return Why.NO_RECEIPT
    if is_table(job):
        return Why.TABLE
    pushed = job.source.returns == "none"
    if pushed and rule.pushed_days is None:
        return Why.PUSHED
    days = rule.pushed_days if pushed else rule.days
    if why := _of_jobs([job], rule.model_copy(update={"days": days}), now_ns):
        return why
    return Why.NOTHING if pushed or _is_returned(job) else Why.NO_RECEIPT


def of_original(content: Content, terms: Terms, gateway: InputRule, now_ns: int) -> Why:
    """Whether a file may go on its instrument; `content` holds the jobs of its capture alone."""
    if not (content.whole and content.jobs):
        return Why.UNFINISHED
    rule = JobRule(days=terms.days, keep_unreviewed=terms.keep_unreviewed)
    if why := _of_jobs(content.jobs, rule, now_ns):
        return why
    if not content.complete:
        return Why.FAILED
    if not all(_is_returned(job) for job in content.jobs):
        return Why.NO_RECEIPT
    return Why.NOTHING if outlives(gateway, terms.days) else Why.SHORT_RULE


def outlives(gateway: InputRule, days: float) -> bool:
    """Whether the gateway keeps an input for longer once it is the last copy."""
    return gateway.days is None or not gateway.last_copy or gateway.days > days


def _of_jobs(jobs: Sequence[Job], rule: JobRule, now_ns: int) -> Why:
    if not rule.on:
        return Why.NO_RULE
    if not all(job.final for job in jobs):
        return Why.UNFINISHED
    if rule.keep_failed and any(job.stage in COULD_BE_RETRIED for job in jobs):
        return Why.FAILED
    if rule.keep_unreviewed and any(job.stage is Stage.COMPLETE and not job.verification for job in jobs):
        return Why.UNREVIEWED
    since_ns = max((job.updated_ns for job in jobs), default=0)
    return Why.YOUNG if rule.is_young(since_ns, now_ns) else Why.NOTHING


def _is_returned(job: Job) -> bool:
    """Complete means that the receipt's digests were the sealed ones; each output then says where it lies."""
    return all(output.returned_path for output in job.outputs)
