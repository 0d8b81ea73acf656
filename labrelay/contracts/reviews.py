"""The queue of finished images that wait for somebody's judgement, and those that were judged."""

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field

from labrelay.contracts.base import Contract
from labrelay.contracts.filters import JobFilter
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from labrelay.contracts.tiles import Tile
from labrelay.contracts.verdicts import Judgement, Review

LOOKED: Final = 5_000
"""The newest images of a choice that its queue is made of."""
SEALED_STAGES: Final = (Stage.RETURNING, Stage.RECEIVING, Stage.COMPLETE)
"""Where a job has sealed results."""


class Order(StrEnum):
    """Which image comes first: those with a quality flag, or drawn by lot, the same for the same seed."""

    NEWEST = "newest"
    FLAGGED = "flagged"
    RANDOM = "random"


class QueueAsked(JobFilter):
    """A choice of jobs (see `JobFilter`), the order of their images, and which of them is looked at."""

    order: Order = Order.NEWEST
    seed: Annotated[int, Field(ge=0, lt=1 << 31, description="of the order `random`")] = 0
    judged: Annotated[Literal["no", "yes", "any"], Field(description="only images without a verdict, or with one")] = (
        "no"
    )
    at: Annotated[str, Field(max_length=36, description="id of the job looked at; else the first one waiting")] = ""


class Reviewed(Contract):
    """An image's job, with what people say of its results."""

    job: Job
    tile: Tile
    review: Review


class ReviewQueue(Contract):
    """One image of a queue, and what lies around it. Answer of `GET /api/v2/reviews/queue`.

    Attributes:
        here: the image asked for, else the first of the queue; None where it is empty.
        next: what comes after it, from the beginning again after the last; None where nothing else is left.
        previous: id of the job before it.
        place: of `here` in the queue, from 1; 0 where it isn't in it (any more).
        waiting: images in the queue.
        judged: images of the choice that have a verdict, and `total` all of them.
        more: the choice has older images, which were not looked at.
    """

    here: Reviewed | None
    next: Reviewed | None
    previous: str | None
    place: int
    waiting: int
    judged: int
    total: int
    more: bool


class ReviewsWanted(JobFilter):
    """A choice of jobs, and of verdicts; none means any."""

    verdict: tuple[Judgement, ...] = ()
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    after: Annotated[int, Field(ge=0, lt=1 << 63, description="`next` of the page before")] = (1 << 63) - 1


class ReviewedPage(Contract):
    """Judged images, newest first; `next` goes into the next call's `after`."""

    items: tuple[Reviewed, ...]
    next: int | None
