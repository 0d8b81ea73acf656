"""Reads one image of the review queue, and passes a verdict on."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from dashboard.pictures import overlay_url
from dashboard.review.address import Before, ReviewAddress
from dashboard.review.words import said_of
from labrelay.access.callers import Caller
from labrelay.contracts.jobs import Job
from labrelay.contracts.quality import FLAG_TEXTS
from labrelay.contracts.reviews import Reviewed, ReviewQueue
from labrelay.contracts.verdicts import Judgement, Review
from labrelay.http import Client
from labrelay.http.access import on_behalf

ACTOR: Final = "dashboard"
QUEUE: Final = "/api/v2/reviews/queue"


@dataclass(frozen=True)
class Said:
    """What the server holds of the image that was judged just now."""

    job: Job
    review: Review

    @property
    def words(self) -> str:
        """`Accepted by Ada`."""
        return said_of(self.review)


@dataclass(frozen=True)
class ReviewPage:
    """What the page shows.

    Attributes:
        said: of the image before; None where none was judged.
    """

    address: ReviewAddress
    queue: ReviewQueue
    said: Said | None

    @property
    def here(self) -> Reviewed | None:
        """The image that is looked at."""
        return self.queue.here

    @property
    def picture(self) -> str | None:
        """The sealed overlay's address."""
        return overlay_url(self.queue.here.job) if self.queue.here else None

    @property
    def coming(self) -> str:
        """The next image's overlay, to be fetched before it is wanted."""
        return (overlay_url(self.queue.next.job) if self.queue.next else None) or ""

    @property
    def next_url(self) -> str:
        """Where the next image is; empty where there is none."""
        return self.address.looking_at(self.queue.next.job.id).url if self.queue.next else ""

    @property
    def previous_url(self) -> str:
        """The same for the one before."""
        return self.address.looking_at(self.queue.previous).url if self.queue.previous else ""

    @property
    def back(self) -> str:
        """The queue without a place in it."""
        return self.address.looking_at(None).url

    @property
    def words(self) -> str:
        """The verdict on the image that is looked at, as the server holds it."""
        return said_of(self.queue.here.review) if self.queue.here else ""

    @property
    def flags(self) -> tuple[tuple[str, str], ...]:
        """Quality flags with what they mean, where that is known."""
        told = self.queue.here.tile.flags if self.queue.here else ()
        return tuple((flag.replace("_", " "), FLAG_TEXTS[flag].meaning if flag in FLAG_TEXTS else "") for flag in told)


def read_page(client: Client, address: ReviewAddress) -> ReviewPage:
    """Ask the repository.

    Raises:
        NotFound: there is no such job.
        ServiceUnavailable: the repository doesn't answer.
    """
    return ReviewPage(address, read_queue(client, address), _said(client, address.last) if address.last else None)


def read_queue(client: Client, address: ReviewAddress) -> ReviewQueue:
    """Which image it is, and what lies around it."""
    return ReviewQueue.model_validate(client.get(QUEUE, params=list(address.asked)), extra="ignore")


def judge(client: Client, address: ReviewAddress, said: dict[str, Any], who: Caller) -> ReviewAddress:
    """Give a verdict on the image that an address looks at; the address of the next one.

    Raises:
        Conflict: somebody else judged it meanwhile, or its results are no longer those.
        LabrelayError: it isn't saved.
    """
    queue = read_queue(client, address)
    held = queue.here.review if queue.here else Review(job_id=address.at)
    body = {**said, "by": who.actor(ACTOR)}
    client.put(f"{_path(address.at)}/verdict", body, headers=on_behalf(who))
    before = Before(Judgement(held.verdict), held.reason)
    return address.after(address.at, before, queue.next.job.id if queue.next else None)


def _said(client: Client, job_id: str) -> Said:
    job = Job.model_validate(client.get(_path(job_id)), extra="ignore")
    return Said(job, Review.model_validate(client.get(f"{_path(job_id)}/verdict"), extra="ignore"))


def _path(job_id: str) -> str:
    return f"/api/v2/jobs/{quote(job_id, safe='')}"
