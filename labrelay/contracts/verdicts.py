"""What people say of results: accept, reject or unsure, and objects that don't count. Nothing sealed changes."""

import hashlib
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, field_validator

from labrelay.contracts.base import Contract
from labrelay.contracts.jobs import Job
from labrelay.contracts.pauses import Words

MOST_EXCLUDED: Final = 10_000
MOST_ASKED: Final = 500
COUNT: Final = "count"
"""The measurement that says how many objects a pipeline found."""

Label = Annotated[int, Field(ge=1, lt=1 << 32)]
Revision = Annotated[int | None, Field(ge=0, description="of the review that was seen; another one gets 409")]
By = Annotated[Words, Field(description="who says so; else the header X-Labrelay-Actor, else `local`")]


class Judgement(StrEnum):
    """What a person says of a result."""

    ACCEPT = "accept"
    REJECT = "reject"
    UNSURE = "unsure"
    NONE = ""


class VerdictRequest(Contract):
    """Judge a result, or take the judgement back (`verdict` empty)."""

    verdict: Judgement
    reason: Words = ""
    by: By = ""
    revision: Revision = None


class ExclusionsRequest(Contract):
    """The objects that don't count, all of them: whoever is left out counts again."""

    objects: Annotated[tuple[Label, ...], Field(max_length=MOST_EXCLUDED)]
    reason: Words = ""
    by: By = ""
    revision: Revision = None

    @field_validator("objects")
    @classmethod
    def _sorted(cls, objects: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(set(objects)))


class ExcludedObject(Contract):
    """An object that somebody took out of the count; `object` is its label in the mask."""

    object: Label
    by: str
    at_ns: int


class Review(Contract):
    """What people say of the results that a job has now. Answer of `GET /api/v2/jobs/{id}/verdict`.

    Attributes:
        revision: grows with every change; 0 before the first.
        reason: why the verdict is so.
        by: who gave the verdict.
        at_ns: when, wall clock of the gateway; 0 without a verdict.
        excluded: by label.
        found: objects that the pipeline found; None where it counted none.
        corrected_count: `found` without the excluded ones.
    """

    job_id: str
    revision: int = 0
    verdict: Judgement = Judgement.NONE
    reason: str = ""
    by: str = ""
    at_ns: int = 0
    excluded: tuple[ExcludedObject, ...] = ()
    found: int | None = None
    corrected_count: int | None = None


class Reviews(Contract):
    """Reviews of several jobs; those of which nobody has said anything are left out."""

    items: tuple[Review, ...]


def found_count(job: Job) -> int | None:
    """How many objects the pipeline found, if it counts."""
    counted = job.report.measurements.get(COUNT) if job.report else None
    return None if counted is None else round(counted)


def seal_of(job: Job) -> str:
    """A digest of all sealed outputs: what is said of results holds for these, and for none of another run."""
    told = "\n".join(f"{output.name} {output.sha256}" for output in job.outputs)
    return hashlib.sha256(told.encode(errors="surrogatepass")).hexdigest()
