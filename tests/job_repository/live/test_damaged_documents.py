"""Bytes that changed by themselves in the live store's file load without a word; its reader sees them, and restores."""

import random
from pathlib import Path
from typing import Any

import pytest
import redis
from fastapi.testclient import TestClient

from job_repository.app import create
from job_repository.live.documents import DocumentDamaged, opened, sealed
from job_repository.live.keys import EVENTS, index_key, job_key
from labrelay.contracts.states import Stage
from labrelay.embedded.redis import APPEND_ONLY, EmbeddedRedis
from labrelay.settings import Settings
from tests.job_repository.conftest import add_task, announce, job_of, put_blob, until_claimed
from tests.polling import until


@pytest.fixture
def store(redis_url: str) -> redis.Redis:
    return redis.Redis.from_url(redis_url)


def recorded(api: TestClient) -> None:
    api.get("/api/v2/summary")


def damages(api: TestClient) -> int:
    return int(api.get("/api/v2/health").json()["damages"])


def held(api: TestClient) -> dict[str, str]:
    return {job["id"]: job["source"]["path"] for job in api.get("/api/v2/jobs").json()["items"]}


def changed(text: bytes, place: int, into: bytes) -> bytes:
    return text[:place] + into + text[place + len(into) :]


def test_a_text_whose_bytes_changed_is_refused_and_one_of_older_days_passes() -> None:
    text = '{"path": "plate/Ä1.tif"}'
    assert opened(sealed(text)) == opened(text) == text
    for damaged in (sealed(text).replace("1.tif", "2.tif"), sealed(text)[:-1] + "x", text[:-1], "", f"{sealed(text)} "):
        with pytest.raises(DocumentDamaged):
            opened(damaged)


@pytest.mark.parametrize("into", [b"9", b"\xff\xfe"])
def test_a_changed_document_is_restored_from_the_record_counted_and_told(
    api: TestClient, store: redis.Redis, settings: Settings, into: bytes
) -> None:
    """The path is still JSON, still valid, and another file's."""
    put_blob(settings)
    job_id = until_claimed(api)
    recorded(api)
    before = job_of(api, job_id)
    doc: Any = store.hget(job_key(job_id), "doc")
    store.hset(job_key(job_id), "doc", changed(doc, doc.index(b"A1.tif") + 1, into))
    after = job_of(api, job_id)
    assert (after["source"], after["epoch"]) == (before["source"], before["epoch"] + 1)
    assert after["stage"] == "ready"
    assert damages(api) == 1


@pytest.mark.parametrize("field", ["revision", "owner", "attempt", "doc"])
def test_what_the_scripts_compare_is_compared_with_the_document(
    api: TestClient, store: redis.Redis, settings: Settings, field: str
) -> None:
    """Else every further step would be refused for ever, as one that came too late."""
    put_blob(settings)
    job_id = until_claimed(api)
    recorded(api)
    if field == "doc":
        store.hdel(job_key(job_id), field)
    else:
        store.hset(job_key(job_id), field, b"7x")
    assert job_of(api, job_id)["stage"] == "ready"
    assert damages(api) == 1


@pytest.mark.parametrize("what", [b"A1.tif", b'"step"'])
def test_a_changed_event_never_enters_the_record(settings: Settings, redis_url: str, what: bytes) -> None:
    """The events before it do; from there on the record goes by what it holds."""
    store = redis.Redis.from_url(redis_url)
    with TestClient(create(settings), client=("127.0.0.1", 40000), raise_server_exceptions=False) as api:
        add_task(api)
        kept = announce(api, path="plate/B1.tif")["jobs"][0]
        recorded(api)
        with api.app.state.repository.projector.turn_lock:  # type: ignore[attr-defined]
            job_id = announce(api)["jobs"][0]
            entries: Any = store.xrange(EVENTS)
            name, fields = entries[-1]
            place = b"doc" if what in fields[b"doc"] else b"step"
            fields[place] = changed(fields[place], fields[place].index(what) + 1, b"9")
            store.delete(EVENTS)  # an entry can't be written again below the newest one
            store.xadd(EVENTS, fields, name)
        paths = {kept: "plate/B1.tif", job_id: "plate/A1.tif"}
        until(lambda: held(api) == paths, "the lost job is made anew from its capture", 20)
        assert damages(api) == 1


def test_a_job_that_fell_out_of_its_list_is_told(api: TestClient, store: redis.Redis, settings: Settings) -> None:
    put_blob(settings)
    add_task(api)
    job_id = announce(api)["jobs"][0]
    recorded(api)
    store.zrem(index_key(Stage.READY, "reader1"), job_id)
    (group,) = api.get("/api/v2/health").json()["disagreements"]
    assert ("stands in no list" in group["what"], group["jobs"]) == (True, [job_id])


@pytest.mark.parametrize("seed", range(4))
def test_random_bytes_in_the_file_lose_and_change_no_job(settings: Settings, tmp_path: Path, seed: int) -> None:
    """Redis loads such a file, sets it aside, or cuts its end; each job is as it was announced, whatever it does."""
    chance = random.Random(seed)
    server = EmbeddedRedis(tmp_path / "redis", settings.redis.port)
    server.start()
    with TestClient(create(settings), client=("127.0.0.1", 40000), raise_server_exceptions=False) as api:
        add_task(api)
        jobs = {announce(api, path=f"plate/A{number}.tif")["jobs"][0]: number for number in range(1, 9)}
        recorded(api)
        server.stop()
        file = tmp_path / "redis" / APPEND_ONLY
        text = file.read_bytes()
        inside = [place for place in range(len(text)) if text.startswith(b"plate/A", place)]
        for place in chance.sample(inside, 12):
            text = changed(text, place + 6, chance.randbytes(2).replace(b"\r", b"x").replace(b"\n", b"x"))
        file.write_bytes(text)
        server.start()
        for job_id, number in jobs.items():
            found = job_of(api, job_id)
            assert (found["source"]["path"], found["stage"]) == (f"plate/A{number}.tif", "awaiting_input")
        assert damages(api) == 1
    server.stop()
