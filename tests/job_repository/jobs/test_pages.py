"""Pages of any choice have exactly its jobs, once and in order, by whichever index they are found."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text as sql

from job_repository.jobs import pages as rules
from job_repository.jobs.counts import facets
from job_repository.jobs.pages import Search
from job_repository.record.store import Record
from labrelay.contracts.filters import JobFilter
from labrelay.contracts.jobs import Job
from labrelay.errors import RequestRefused
from tests.job_repository.jobs.samples import CHOICES, COUNT, NOON, all_pages, expected, fill, meant, pages

Filled = tuple[Record, list[Job]]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    record = Record(f"sqlite:///{(tmp_path_factory.mktemp('record') / 'record.db').as_posix()}")
    record.open()
    yield record, fill(record)
    record.close()


@pytest.fixture(params=["few jobs", "many jobs"])
def sized(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if these were so many that not all of a choice may be looked at."""
    if request.param == "many jobs":
        monkeypatch.setattr(rules, "FEW", 3)
        monkeypatch.setattr(rules, "RARE", 50)
        monkeypatch.setattr(rules, "LOOKED", 50)
        monkeypatch.setattr(rules, "LOOKED_UP", 10)


@pytest.mark.usefixtures("sized")
@pytest.mark.parametrize("choice", CHOICES)
def test_pages_have_exactly_the_jobs_that_are_meant(filled: Filled, choice: str) -> None:
    record, jobs = filled
    wanted = expected(jobs, choice)
    assert len(wanted) < COUNT or not choice
    assert wanted
    assert all_pages(record, choice, 7) == wanted
    assert meant(record, choice) == set(wanted)


@pytest.mark.parametrize("choice", CHOICES)
def test_counts_are_those_of_the_pages(filled: Filled, choice: str) -> None:
    record, jobs = filled
    with record.read() as connection:
        told = facets(connection, JobFilter.parse(choice))
    by_id = {job.id: job for job in jobs}
    found = [by_id[job_id] for job_id in expected(jobs, choice)]
    assert (told.total, told.exact) == (len(found), True)
    assert dict(told.stage) == {
        stage: sum(job.stage == stage for job in found) for stage in {job.stage for job in found}
    }


def test_a_search_that_ends_early_says_how_far_it_looked(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "LOOKED", 50)
    told = list(pages(filled[0], "path=nothing-like-it", 7))
    assert [searched for _, searched in told] == [50, 50, 50, 50, None]
    with filled[0].read() as connection:
        counted = facets(connection, JobFilter(path=("P2/",)))
    assert not counted.exact
    assert 0 < counted.total <= 50 // 7 + 1


def test_counts_that_would_take_long_are_at_least_so_many(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_COUNTED", 20)
    with filled[0].read() as connection:
        told = facets(connection, JobFilter(since=NOON))
    assert (told.exact, told.total) == (False, 21)


@pytest.mark.parametrize("cursor", ["%%%", "eA==", "MS4y"])
def test_a_cursor_of_another_choice_is_refused(filled: Filled, cursor: str) -> None:
    with filled[0].read() as connection, pytest.raises(RequestRefused):
        Search(connection, JobFilter()).page(cursor, 7)


@pytest.mark.parametrize("choice", ["stage=failed", f"since={NOON}", f"until={NOON} path=P2/", "path=P2/", ""])
def test_no_page_walks_through_documents(filled: Filled, monkeypatch: pytest.MonkeyPatch, choice: str) -> None:
    monkeypatch.setattr(rules, "FEW", 3)
    with filled[0].read() as connection:
        search = Search(connection, JobFilter.parse(choice))
        key = search._key(None)
        query = search._query(search._order, key, search._bound(key), 8)
        query = query.order_by(*(column.desc() for column in search._order))
        told = query.compile(connection, compile_kwargs={"literal_binds": True})
        plan = [row[3] for row in connection.execute(sql(f"EXPLAIN QUERY PLAN {told}"))]
    assert not [step for step in plan if step.startswith("SCAN") and "jobs" in step and "COVERING INDEX" not in step], (
        plan
    )
