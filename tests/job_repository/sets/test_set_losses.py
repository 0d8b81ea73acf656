"""Redis lost and the repository restarted while sets gather, are worked on or end."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis
from fastapi.testclient import TestClient

from job_repository.app import create
from job_repository.record.projection import apply_events
from job_repository.repository import Repository
from labrelay.settings import Settings
from tests.job_repository.conftest import receipt, take
from tests.job_repository.plates.samples import WHOLE, Plate


@pytest.fixture
def plate(shared: TestClient, home: Settings) -> Plate:
    return Plate.fresh(shared, home)


def test_a_lost_store_comes_back_with_the_set_as_it_was(plate: Plate) -> None:
    one, two, three = plate.arrive_all()
    four = plate.arrive(1, well="B02")
    take(plate.api, two, "launch")
    take(plate.api, two, "claim", worker="w", lease_s=15)
    plate.lose_redis()
    plate.reach([*WHOLE, "gathering"], one, two, three, four)
    plate.complete(two)
    assert plate.stages(one, two, three) == ["complete"] * 3


def test_a_lost_store_with_lost_bytes_gathers_the_set_anew(plate: Plate) -> None:
    one, two, three = plate.arrive_all()
    plate.lose_bytes(1)
    plate.lose_redis()
    plate.reach(["awaiting_input", "gathering", "gathering"], one, two, three)
    plate.arrive(1)
    plate.reach(WHOLE, one, two, three)


@contextmanager
def lost_after(plate: Plate, count: int, of: int = 3) -> Iterator[None]:
    """Redis is lost when the record has got only the first `count` of the last `of` events, which one script wrote."""
    plate.api.get("/api/v2/summary")  # the store is open before projecting stops
    repository: Repository = plate.api.app.state.repository  # type: ignore[attr-defined]
    with repository.projector.turn_lock:
        yield
        events = repository.live.events(repository.projector.position, 1000)
        with repository.record.write() as connection:
            apply_events(connection, events[: len(events) - of + count])
        with redis.Redis.from_url(plate.settings.redis_url) as client:
            client.flushall()


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_wherever_a_loss_cuts_the_beginning_of_a_set_it_is_made_whole(plate: Plate, count: int) -> None:
    with lost_after(plate, count):
        one, two, three = plate.arrive_all()
    plate.reach(WHOLE, one, two, three)
    plate.complete(two)
    assert plate.stages(one, two, three) == ["complete"] * 3


@pytest.mark.parametrize("count", [1, 2, 3])
def test_wherever_a_loss_cuts_the_end_of_a_set_all_members_end(plate: Plate, count: int) -> None:
    one, two, three = plate.arrive_all()
    plate.work(two)
    with lost_after(plate, count):
        take(plate.api, two, "receive", receipt=receipt(plate.job(two)))
    plate.reach(["complete"] * 3, one, two, three)


def test_a_restarted_repository_gathers_on(settings: Settings, redis_url: str) -> None:
    with TestClient(create(settings)) as api:
        before = Plate(api, settings, "restarted")
        before.rule(deadline_s=2)
        one, two = before.arrive(1), before.arrive(2)
        other = before.arrive(1, well="B02")
    with TestClient(create(settings)) as api:
        after = Plate(api, settings, "restarted")
        three = after.arrive(3)
        after.reach(WHOLE, one, two, three)
        after.reach(["failed"], other)
        assert after.job(other)["failure"]["code"] == "set_incomplete"
