"""Reads what the list of jobs shows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dashboard.jobs.address import JobsAddress
from dashboard.jobs.rows import JobRow, row_of
from labrelay.contracts.base import Contract
from labrelay.contracts.facets import Facets
from labrelay.contracts.filters import JobFilter
from labrelay.contracts.jobs import Job
from labrelay.contracts.views import View
from labrelay.http import Client

PAGE: Final = 100
STEP: Final = 500
"""Jobs of one call while a whole list is read."""
NONE: Final = Facets(total=0, stage={}, status={}, code={}, instrument={}, pipeline={})


class Page(Contract):
    """One page of jobs as the repository tells it."""

    items: tuple[Job, ...]
    next: str | None = None
    searched: int | None = None
    facets: Facets | None = None


@dataclass(frozen=True)
class JobList:
    """One page of the list.

    Attributes:
        next: cursor of the older page, empty where there is none.
        searched: of so many jobs, the newest, texts were looked at; None where of all.
        facets: counts of all jobs that the filter takes.
        views: what the lab keeps by name.
        tasks: descriptions by id.
    """

    rows: tuple[JobRow, ...]
    next: str
    searched: int | None
    facets: Facets
    views: tuple[View, ...]
    tasks: dict[str, str]


def read_list(client: Client, address: JobsAddress) -> JobList:
    """Ask the repository.

    Raises:
        ServiceUnavailable: it doesn't answer.
        RequestRefused: it knows no such cursor.
    """
    page = _page(client, address.wanted, address.after, PAGE, facets=True)
    views = client.get("/api/v2/views")["items"]
    return JobList(
        rows=tuple(map(row_of, page.items)),
        next=page.next or "",
        searched=page.searched,
        facets=page.facets or NONE,
        views=tuple(View.model_validate(each, extra="ignore") for each in views),
        tasks=read_tasks(client),
    )


def read_tasks(client: Client) -> dict[str, str]:
    """What the lab calls its tasks, by id."""
    return {str(each["id"]): str(each["description"]) for each in client.get("/api/v2/tasks")["items"]}


def every_job(client: Client, wanted: JobFilter) -> Iterator[Job]:
    """All jobs that a filter takes, in the list's order, read as they are wanted."""
    after = ""
    while True:
        page = _page(client, wanted, after, STEP)
        yield from page.items
        after = page.next or ""
        if not after:
            return


def _page(client: Client, wanted: JobFilter, after: str, limit: int, *, facets: bool = False) -> Page:
    further = [("limit", str(limit)), *([("after", after)] if after else [])]
    further += [("facets", "true")] if facets else []
    told = client.request("GET", "/api/v2/jobs", params=[*wanted.pairs, *further]).content
    # A repository of a later version may say more than this page knows.
    return Page.model_validate_json(told, extra="ignore")
