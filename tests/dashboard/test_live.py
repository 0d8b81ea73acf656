import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from dashboard.audience import Audience, Reader
from dashboard.bulletins import Bulletin, Pace
from dashboard.changes import MANY, Changes, Cut
from dashboard.upstream import parse_events
from job_repository.jobs.tiles import tile_of
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from labrelay.words import _, speaking
from tests.dashboard.double import Gateway
from tests.dashboard.samples import FAILURE, finished, job, png

PATIENCE_S = 20.0
Event = tuple[str, dict[str, Any]]


@contextmanager
def listening(address: str, query: str = "", **headers: str) -> Iterator[Callable[[str], dict[str, Any]]]:
    """Open a page's stream; the yielded function waits for the next event of a kind."""
    with requests.get(f"{address}/events?{query}", stream=True, timeout=10, headers=headers) as response:
        lines = response.iter_lines(chunk_size=None)
        yield lambda kind: next(data for name, data in _events(lines) if name == kind)


def _events(lines: Iterator[bytes]) -> Iterator[Event]:
    name, until = "", time.monotonic() + PATIENCE_S
    for line in lines:
        assert time.monotonic() < until, "the awaited event never came"
        if line.startswith(b"event: "):
            name = line.removeprefix(b"event: ").decode()
        elif line.startswith(b"data: "):
            yield name, json.loads(line.removeprefix(b"data: "))


def settled(gateway: Gateway, address: str) -> str:
    """Wait until the dashboard has told everything so far; its running number, as a fresh page carries it."""
    if not gateway.events:
        gateway.put(job("first.tif"))
    until = time.monotonic() + 5
    while time.monotonic() < until:
        page = requests.get(address, timeout=5).text
        seq = page.split('data-since="')[1].split('"')[0]
        if seq.split(".")[0] == str(len(gateway.events)) and gateway.streams:
            return seq
        time.sleep(0.05)
    raise AssertionError("the dashboard never caught up")


def step(of: Job, seq: int) -> dict[str, Any]:
    return {"seq": seq, "step": "claim", "tile": tile_of(of, seq).model_dump(mode="json")}


def told(wait_for: Callable[[str], dict[str, Any]], member: str) -> dict[str, Any]:
    """The next change that tells something of this."""
    while not (change := wait_for("change"))[member]:
        pass
    return change


def moved(before: Job, stage: Stage) -> Job:
    return before.model_copy(update={"stage": stage, "updated_ns": before.updated_ns + 1_000_000_000})


def test_a_change_reaches_an_open_page_as_a_tile_with_its_words(gateway: Gateway, address: str) -> None:
    ready = job("plate7/B07.tif")
    gateway.put(ready)
    with listening(address, f"since={settled(gateway, address)}") as wait_for:
        gateway.put(moved(ready, Stage.PROCESSING), "claim")
        change = told(wait_for, "tiles")
    (tile,) = change["tiles"]
    assert (tile["id"], tile["state"], tile["letter"]) == (ready.id, "working", "R")
    assert (tile["words"], tile["path"]) == ("Being analysed", "plate7/B07.tif")
    assert "jobs" in change["topics"]
    assert not change["many"]


def test_an_instrument_falls_silent_without_an_event_and_open_pages_say_so(
    gateway: Gateway, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.live.RECOUNT_S", 0.0)
    gateway.put(job("B07.tif"))
    with listening(address, f"since={settled(gateway, address)}") as wait_for:
        gateway.silent_since_ns = {"reader-1": time.time_ns()}
        until = time.monotonic() + PATIENCE_S
        while "reader-1 is silent since" not in (health := told(wait_for, "health")["health"])["sentence"]:
            assert time.monotonic() < until, health
    assert health["instruments"]["reader-1"].startswith("Silent since")


def test_the_lab_is_counted_anew_after_a_change(gateway: Gateway, address: str) -> None:
    ready = job("B07.tif")
    gateway.put(ready)
    with listening(address, f"since={settled(gateway, address)}") as wait_for:
        while told(wait_for, "health")["health"]["counts"]["waiting"] != 1:
            pass
        gateway.put(moved(ready, Stage.PROCESSING), "claim")
        while (health := told(wait_for, "health")["health"])["counts"]["working"] != 1:
            pass
    assert health["sentence"] == "1 instrument is running. Nothing needs you. 1 is on its way."
    assert health["instruments"] == {"reader-1": "1 job on its way"}


def test_topics_say_what_a_page_may_have_to_read_anew(gateway: Gateway, address: str) -> None:
    with listening(address, f"since={settled(gateway, address)}") as wait_for:
        gateway.put(finished("B07.tif", 0, png()), "receive")
        done = told(wait_for, "tiles")
        gateway.put(job("B08.tif", Stage.FAILED, failure=FAILURE), "fail")
        failed = told(wait_for, "tiles")
    assert {"jobs", "results"} <= set(done["topics"])
    assert {"jobs", "failures"} <= set(failed["topics"])
    assert "results" not in failed["topics"]
    assert (done["tiles"][0]["count"], done["tiles"][0]["took"]) == (0, "12 s"), "none found is a count, too"
    assert (failed["tiles"][0]["code"], failed["tiles"][0]["note"]) == (FAILURE.code, FAILURE.cause)


def test_each_reader_is_told_in_its_language(gateway: Gateway, address: str) -> None:
    since = f"since={settled(gateway, address)}"
    with listening(address, since) as one, listening(address, since, **{"Accept-Language": "zh-CN"}) as other:
        gateway.put(job("B07.tif"))
        english, chinese = told(one, "tiles"), told(other, "tiles")
    assert english["tiles"][0]["words"] == "Waits in line"
    with speaking("zh-Hans"):
        assert chinese["tiles"][0]["words"] == _("Waits in line")


def test_a_page_that_comes_back_soon_gets_what_it_missed(gateway: Gateway, address: str) -> None:
    since = settled(gateway, address)
    gateway.put(job("B07.tif"))
    gateway.put(job("B08.tif"))
    assert settled(gateway, address) != since
    with listening(address, f"since={since}") as wait_for:
        missed = told(wait_for, "tiles")["tiles"]
        missed += [] if len(missed) == 2 else told(wait_for, "tiles")["tiles"]
    assert sorted(tile["name"] for tile in missed) == ["B07.tif", "B08.tif"]


def test_a_page_that_missed_something_is_told_to_read_anew(gateway: Gateway, address: str) -> None:
    gateway.put(job())
    settled(gateway, address)
    with listening(address, "since=1.1") as wait_for:
        wait_for("resync")


def test_a_page_that_comes_back_having_missed_nothing_is_left_alone(gateway: Gateway, address: str) -> None:
    last = {"Last-Event-ID": settled(gateway, address)}
    with requests.get(f"{address}/events", stream=True, timeout=10, headers=last) as response:
        first, data = next(_events(response.iter_lines(chunk_size=None)))
    assert (first, data["fresh"]) == ("beat", True)
    assert data["age_ms"] < 2000


def test_of_more_jobs_than_are_told_one_by_one_pages_only_hear_to_read_anew() -> None:
    changes = Changes()
    for number in range(MANY + 1):
        changes.note(step(job(f"f{number}.tif"), number))
    cut = changes.take()
    assert cut
    assert (cut.seq, cut.tiles, cut.many) == (MANY, (), True)
    changed = Bulletin(1, cut, pace=Pace(100))
    assert len(changed.encoded("en")) < 200
    assert changed.encoded("en") is changed.encoded("en"), "made once for all"
    assert b'"spread_ms":5000,"every_ms":25000' in changed.encoded("en")


def test_all_pages_share_one_subscription_and_the_same_bytes(gateway: Gateway, address: str) -> None:
    seq = settled(gateway, address)
    with listening(address, f"since={seq}") as one, listening(address, f"since={seq}") as other:
        gateway.put(job("B07.tif"))
        assert told(one, "tiles") == told(other, "tiles")
    assert gateway.streams == 1


def test_who_cannot_keep_up_loses_what_lies_between_but_learns_to_read_the_end() -> None:
    async def read() -> list[bytes]:
        audience = Audience()
        slow, quick = Reader("en"), Reader("en")
        mark = audience.mark
        assert await audience.join(slow, mark) == await audience.join(quick, mark) == []
        heard = []
        for seq in range(1, 41):
            audience.publish(Cut(seq, topics=frozenset({"jobs"})), None)
            heard.append(await quick.next(5))
        assert [_id(each) for each in heard] == list(range(1, 41))
        return [await slow.next(5) or b"" for _ in range(slow.queue.qsize())]

    late = asyncio.run(read())
    assert b"event: resync" in late[0]
    assert [_id(each) for each in late] == list(range(33, 41)), "and goes on without a gap from there"


def _id(message: bytes | None) -> int:
    return int((message or b"").removeprefix(b"id: ").split(b".")[0])


def test_a_page_hears_when_the_repository_goes_and_comes_back(gateway: Gateway, address: str) -> None:
    with listening(address, f"since={settled(gateway, address)}") as wait_for:
        assert wait_for("beat")["fresh"]
        gateway.leave.set()
        while wait_for("beat")["fresh"]:
            pass
        gateway.leave.clear()
        while not wait_for("beat")["fresh"]:
            pass
        gateway.put(job("B07.tif"))
        told(wait_for, "tiles")


def test_a_repository_that_hangs_is_not_called_fresh(
    gateway: Gateway, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.live.FRESH_S", 1.0)
    monkeypatch.setattr("dashboard.live.BEAT_S", 0.4)
    with listening(address, f"since={settled(gateway, address)}") as wait_for:
        wait_for("beat")
        gateway.silent = True
        while (beat := wait_for("beat"))["fresh"]:
            assert beat["age_ms"] < 1000
    assert beat["age_ms"] >= 1000


def test_a_job_that_changes_often_is_told_once_a_batch() -> None:
    changes, one, other = Changes(), job("a.tif"), job("b.tif")

    def write() -> None:
        for _turn in range(500):
            changes.note(step(one, 1))

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    changes.note(step(other, 2))
    changes.note(step(one, 3))
    cut = changes.take()
    assert cut
    assert (cut.seq, [tile.id for tile in cut.tiles], cut.many) == (3, [other.id, one.id], False)
    assert changes.take() is None


def test_comments_and_long_data_of_a_stream_are_understood() -> None:
    lines = [b": ping", b"", b"id: 4", b'data: {"seq":', b"data: 4}", b"", b'data:{"seq": 5}', b""]
    assert [event["seq"] for event in parse_events(lines)] == [4, 5]
