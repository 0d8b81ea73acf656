"""Two gateways on one Redis: the second doesn't start; a crashed one's successor goes on, another only by a word."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from fastapi.testclient import TestClient

from job_repository.app import create
from job_repository.live import lease
from job_repository.live.lease import OWNER, LiveStoreTaken
from job_repository.record.store import Record, set_number
from job_repository.repository import Repository
from labrelay.settings import Settings
from tests.job_repository.conftest import add_task, announce, announcement


@pytest.fixture
def first(settings: Settings, redis_url: str) -> Settings:
    """A gateway whose Redis is somewhere on the network."""
    return settings.model_copy(update={"redis": settings.redis.model_copy(update={"url": redis_url})})


@pytest.fixture
def second(first: Settings, tmp_path: Path) -> Settings:
    """Another one, with a record of its own, that was given the same Redis."""
    return first.model_copy(update={"data": tmp_path / "another gateway"})


@contextmanager
def running(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create(settings), client=("127.0.0.1", 40000), raise_server_exceptions=False) as client:
        yield client


@contextmanager
def crashed(settings: Settings) -> Iterator[TestClient]:
    """A gateway that took a file in and was killed: what it held in Redis stays as it was."""
    with running(settings) as api:
        add_task(api)
        announce(api)
        repository: Repository = api.app.state.repository  # type: ignore[attr-defined]
        repository.lease.give = lambda: None  # type: ignore[method-assign]
    yield api


def jobs(api: TestClient) -> int:
    return len(api.get("/api/v2/jobs").json()["items"])


def may_take_over(settings: Settings) -> Settings:
    return settings.model_copy(update={"redis": settings.redis.model_copy(update={"take_over": True})})


def test_the_second_gateway_on_one_redis_doesnt_start_and_the_first_goes_on(first: Settings, second: Settings) -> None:
    with running(first) as api:
        add_task(api)
        job = announce(api)["jobs"]
        with pytest.raises(LiveStoreTaken, match=r"Another gateway .* uses this Redis"), running(second):
            pass
        assert api.get("/readyz").status_code == 200
        announce(api, path="plate/B1.tif")
        assert (jobs(api), api.get(f"/api/v2/jobs/{job[0]}").json()["epoch"]) == (2, 1)


def test_a_gateway_that_ended_leaves_the_store_to_the_next(first: Settings, second: Settings) -> None:
    with running(first) as api:
        announce(api)
    with running(second) as api:
        assert (api.get("/readyz").status_code, jobs(api)) == (200, 0)


def test_after_a_crash_the_same_gateway_goes_on_at_once_and_another_is_refused(
    first: Settings, second: Settings
) -> None:
    with crashed(first):
        with pytest.raises(LiveStoreTaken), running(second):
            pass
        with running(first) as api:
            assert (jobs(api), api.get("/api/v2/health").json()["epoch"]) == (1, 1)


def test_when_its_lease_has_ended_another_may_go_on(first: Settings, second: Settings, redis_url: str) -> None:
    with crashed(first), redis.Redis.from_url(redis_url) as client:
        assert 0 < client.pttl(OWNER) <= lease.LEASE_S * 1000
        client.delete(OWNER)
        with running(second) as api:
            assert (jobs(api), api.get("/readyz").status_code) == (0, 200)


def test_a_person_lets_another_take_over_and_the_first_writes_nothing_more(first: Settings, second: Settings) -> None:
    with running(first) as one:
        announce(one)
        with running(may_take_over(second)) as other:
            other_job = announce(other, path="plate/C1.tif")["jobs"][0]
            repository: Repository = one.app.state.repository  # type: ignore[attr-defined]
            with pytest.raises(LiveStoreTaken):
                repository._keep_lease()
            refused = one.post("/api/v2/captures", json=announcement("plate/D1.tif"))
            assert (refused.status_code, refused.json()["code"]) == (503, "live_store_taken")
            assert "Another gateway" in one.get("/readyz").json()["reason"]
            assert other.get(f"/api/v2/jobs/{other_job}").json()["source"]["path"] == "plate/C1.tif"
            assert jobs(other) == 1


def test_a_store_of_another_gateway_is_filled_anew_also_when_its_numbers_are_the_same(
    first: Settings, second: Settings
) -> None:
    """Epoch and running number are what this gateway's record expects; only the installation tells them apart."""
    with running(first) as api:
        for number in range(3):
            announce(api, path=f"plate/A{number}.tif")
        assert jobs(api) == 3
    with running(second) as api:
        for number in range(3):
            announce(api, path=f"plate/B{number}.tif")
        assert jobs(api) == 3
        epoch = api.get("/api/v2/health").json()["epoch"]
    record = Record(first.record_url)
    record.open()
    with record.write() as connection:
        set_number(connection, "epoch", epoch)
    record.close()
    with running(first) as api:
        api.get("/readyz")
        found = api.get("/api/v2/jobs").json()["items"]
        assert {job["source"]["path"] for job in found} == {f"plate/A{number}.tif" for number in range(3)}
        assert api.get("/api/v2/health").json()["epoch"] == epoch + 1


def test_a_store_that_was_emptied_keeps_its_gateway(first: Settings, redis_url: str) -> None:
    with running(first) as api, redis.Redis.from_url(redis_url) as client:
        announce(api)
        assert jobs(api) == 1  # on record
        client.flushall()
        api.app.state.repository._keep_lease()  # type: ignore[attr-defined]
        assert client.exists(OWNER)
        assert jobs(api) == 1
