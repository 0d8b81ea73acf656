import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import requests

from dashboard.upstream import Changes, parse_events
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from tests.dashboard.double import Gateway
from tests.dashboard.samples import finished, job, png

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
        if seq == str(len(gateway.events)) and gateway.streams:
            return seq
        time.sleep(0.05)
    raise AssertionError("the dashboard never caught up")


def moved(before: Job, stage: Stage) -> Job:
    return before.model_copy(update={"stage": stage, "updated_ns": before.updated_ns + 1_000_000_000})


def test_a_change_reaches_an_open_page_as_a_drawn_row(gateway: Gateway, address: str) -> None:
    ready = job("B07.tif")
    gateway.put(ready)
    with listening(address, f"since={settled(gateway, address)}") as wait_for:
        wait_for("beat")
        gateway.put(moved(ready, Stage.PROCESSING), "claim")
        change = wait_for("change")
    assert [row["id"] for row in change["rows"]] == [ready.id]
    assert "Being analysed" in change["rows"][0]["html"]
    assert change["sentence"] == "0 of 1 images done, 1 in work, nothing waits"


def test_a_job_that_leaves_the_pages_filter_is_taken_off_it(gateway: Gateway, address: str) -> None:
    ready = job("B07.tif")
    gateway.put(ready)
    with listening(address, f"state=waiting&since={settled(gateway, address)}") as wait_for:
        wait_for("beat")
        gateway.put(moved(ready, Stage.PROCESSING), "claim")
        assert wait_for("change")["rows"] == [{"id": ready.id, "html": None}]


def test_a_finished_job_brings_its_picture(gateway: Gateway, address: str) -> None:
    with listening(address, f"since={settled(gateway, address)}") as wait_for:
        wait_for("beat")
        done = finished("B07.tif", 598, png())
        gateway.put(done, "receive")
        assert [picture["id"] for picture in wait_for("change")["pictures"]] == [done.id]


def test_a_page_that_missed_something_is_told_to_read_anew(gateway: Gateway, address: str) -> None:
    gateway.put(job())
    seq = settled(gateway, address)
    with listening(address, f"since={int(seq) - 1}") as wait_for:
        wait_for("resync")


def test_a_page_that_comes_back_having_missed_nothing_is_left_alone(gateway: Gateway, address: str) -> None:
    last = {"Last-Event-ID": settled(gateway, address)}
    with requests.get(f"{address}/events", stream=True, timeout=10, headers=last) as response:
        first, data = next(_events(response.iter_lines(chunk_size=None)))
    assert (first, data) == ("beat", {"fresh": True})


def test_a_flood_of_changes_becomes_one_word_to_read_anew(gateway: Gateway, address: str) -> None:
    with listening(address, f"since={settled(gateway, address)}") as wait_for:
        wait_for("beat")
        for number in range(300):
            gateway.put(job(f"f{number}.tif"))
        wait_for("resync")


def test_all_pages_share_one_subscription(gateway: Gateway, address: str) -> None:
    seq = settled(gateway, address)
    with listening(address, f"since={seq}") as one, listening(address, f"since={seq}") as other:
        one("beat")
        other("beat")
        gateway.put(job("B07.tif"))
        assert one("change")["rows"] == other("change")["rows"]
    assert gateway.streams == 1


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
        wait_for("change")


def test_a_job_that_changes_often_is_told_once_a_batch() -> None:
    changes = Changes()

    def write() -> None:
        for _ in range(500):
            changes.note(1, "a")

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    changes.note(2, "b")
    changes.note(3, "a")
    cut = changes.take()
    assert cut
    assert (cut.seq, cut.job_ids, cut.everything) == (3, ("b", "a"), False)
    assert changes.take() is None


def test_comments_and_long_data_of_a_stream_are_understood() -> None:
    lines = [b": ping", b"", b"id: 4", b'data: {"seq":', b"data: 4}", b"", b'data:{"seq": 5}', b""]
    assert [event["seq"] for event in parse_events(lines)] == [4, 5]
