"""`/api/v2` for verdicts and exclusions: a person's acts, in the record and its audit."""

from typing import Annotated, Final

from fastapi import APIRouter, Header, Query, Response
from pydantic import Field

from job_repository.jobs.routes import Repo
from labrelay.contracts.base import Contract
from labrelay.contracts.filters import JobFilter
from labrelay.contracts.pauses import Words
from labrelay.contracts.reviews import QueueAsked, ReviewedPage, ReviewQueue, ReviewsWanted
from labrelay.contracts.verdicts import MOST_ASKED, ExclusionsRequest, Review, Reviews, VerdictRequest
from labrelay.http.access import Calling
from labrelay.http.roles import Role, allow

routes = APIRouter(prefix="/api/v2", tags=["verdicts"])
Actor = Annotated[Words, Header(alias="X-Labrelay-Actor")]
_ID: Final = "[0-9a-f-]{36}"


class ReviewsAsked(Contract):
    """Of which jobs: ids with commas between them."""

    ids: Annotated[str, Field(pattern=rf"^{_ID}(,{_ID}){{0,{MOST_ASKED - 1}}}$")]


@routes.get("/verdicts")
@allow(Role.VIEWER)
def reviews(repo: Repo, asked: Annotated[ReviewsAsked, Query()]) -> Reviews:
    """What people say of several jobs' results; ids that nobody knows, or said anything of, are left out."""
    known = repo.verdicts.known(asked.ids.split(","))
    jobs = repo.queries.jobs(JobFilter(job=known), MOST_ASKED, None)[0] if known else []
    return Reviews(items=repo.verdicts.of(jobs))


@routes.get("/reviews")
@allow(Role.VIEWER)
def judged(repo: Repo, asked: Annotated[ReviewsWanted, Query()]) -> ReviewedPage:
    """Images that somebody judged, newest first; a verdict on results of an earlier run counts as none."""
    return repo.reviews.judged(asked)


@routes.get("/reviews/queue")
@allow(Role.VIEWER)
def queue(repo: Repo, asked: Annotated[QueueAsked, Query()]) -> ReviewQueue:
    """The next image to judge, or the one that `at` names, with what comes before and after it in the queue."""
    return repo.reviews.queue(asked)


@routes.get("/jobs/{job_id}/verdict")
@allow(Role.VIEWER)
def verdict(repo: Repo, response: Response, job_id: str) -> Review:
    """What people say of a job's results: the verdict, the objects that don't count, and the count without them."""
    return _tagged(response, repo.verdicts.of([repo.jobs.get(job_id)])[0])


@routes.put("/jobs/{job_id}/verdict")
@allow(Role.OPERATOR)
def judge(
    repo: Repo, response: Response, job_id: str, asked: VerdictRequest, caller: Calling, actor: Actor = ""
) -> Review:
    """Accept or reject a result, say that you are unsure, or take that back. In the audit; no output changes."""
    by = caller.actor(asked.by or actor or "local")
    return _tagged(response, repo.verdicts.judge(repo.jobs.get(job_id), asked, by))


@routes.put("/jobs/{job_id}/exclusions")
@allow(Role.OPERATOR)
def exclude(
    repo: Repo, response: Response, job_id: str, asked: ExclusionsRequest, caller: Calling, actor: Actor = ""
) -> Review:
    """Say which objects don't count, all of them. In the audit; no output changes."""
    by = caller.actor(asked.by or actor or "local")
    return _tagged(response, repo.verdicts.exclude(repo.jobs.get(job_id), asked, by))


def _tagged(response: Response, review: Review) -> Review:
    response.headers["ETag"] = f'"{review.revision}"'
    return review
