"""Sixteen instruments on one gateway: nothing of theirs clashes, and one that floods lets the others through."""

from collections.abc import Iterator
from typing import Any

import psutil
import pytest
import requests

from tests.polling import until
from tests.sides.conftest import PIPELINE, Gateway
from tests.sides.instruments import Instrument, instrument, running_in_one_process

pytestmark = [pytest.mark.process, pytest.mark.timeout(400)]
MANY = 16
NAME = "plate1/plate1_A01_s1.tif"
"""All have a file of this name; its attributes tell plate and well."""
SAME = b"the same bytes on all instruments" * 50
FLOOD = 24


@pytest.fixture(scope="module")
def instruments(tmp_path_factory: pytest.TempPathFactory, gateway: Gateway) -> Iterator[list[Instrument]]:
    root = tmp_path_factory.mktemp("instruments")
    made = [instrument(root, f"reader-{number:02d}", gateway.edge) for number in range(1, MANY + 1)]
    with running_in_one_process(made):
        yield made


def test_equal_names_and_contents_never_clash(instruments: list[Instrument], gateway: Gateway) -> None:
    for each in instruments:
        each.write(NAME)
        each.write("plate1/same everywhere.tif", SAME)
    until(lambda: all(each.has_exactly_its_own() for each in instruments), "each has its own results", 240, 0.5)
    jobs = gateway.jobs.of("plate1/")
    assert {each["stage"] for each in jobs} <= {"complete", "receiving", "returning"}
    assert len({each["id"] for each in jobs}) == 2 * MANY
    assert len({each["source"]["capture_id"] for each in jobs}) == 2 * MANY
    assert len({output["sha256"] for each in jobs for output in each["outputs"]}) == MANY + 1


def test_lists_tell_them_apart(instruments: list[Instrument], gateway: Gateway) -> None:
    repository = gateway.side.repository
    for each in instruments:
        mine = repository.get("/api/v2/jobs", params={"instrument": each.name})["items"]
        assert sorted(job["source"]["path"] for job in mine) == sorted(each.written)
    plates = repository.get("/api/v2/plates")["items"]
    assert len({plate["id"] for plate in plates}) == MANY
    assert {plate["instrument"] for plate in plates} == {each.name for each in instruments}


def test_waiting_instruments_hold_no_threads(instruments: list[Instrument], gateway: Gateway) -> None:
    """Sixteen sides wait for inputs, for returns and for ends; none of the three holds a thread for each of them."""
    until(lambda: open_calls(gateway) >= 3 * MANY, "all sides wait", 60)
    # One kind of call that waited in threads would hold one for each instrument: MANY more than before. Half of that
    # was asked for once, and idle workers of the calls between two waits, which are kept for seconds, were too many.
    until(lambda: gateway.process.num_threads() < gateway.threads + MANY, "no kind of call waits in threads", 60)
    assert open_calls(gateway) >= 3 * MANY


def open_calls(gateway: Gateway) -> int:
    edge = gateway.side.settings.ports.edge
    connections = gateway.process.net_connections("inet")
    return sum(each.status == psutil.CONN_ESTABLISHED and each.laddr.port == edge for each in connections)


def test_a_flood_lets_the_others_through(instruments: list[Instrument], gateway: Gateway) -> None:
    """With the pipeline held, one instrument's files are all there before the others come; then they take turns."""
    flood, *others = instruments
    gateway.side.launcher.post(f"/api/v2/pipelines/{PIPELINE}/pause")
    for number in range(FLOOD):
        flood.write(f"flood/{number:03d}.tif")
    until(lambda: ready(gateway, "flood/") == FLOOD, "the flood waits on the gateway", 200, 0.5)
    for each in others:
        each.write("urgent/one.tif")
    until(lambda: ready(gateway, "urgent/") == len(others), "the others wait behind it", 120, 0.5)
    gateway.side.launcher.post(f"/api/v2/pipelines/{PIPELINE}/resume")
    until(lambda: all(each.has_exactly_its_own() for each in instruments), "all results are back", 240, 0.5)
    launched = {job["id"]: launch_of(gateway, job) for job in gateway.jobs.of("flood/")}
    last = max(launch_of(gateway, job) for job in gateway.jobs.of("urgent/"))
    window = gateway.side.settings.launcher.window
    assert sum(number < last for number in launched.values()) <= window + 2, "the flood was let in front"


def ready(gateway: Gateway, path: str) -> int:
    return sum(job["stage"] == "ready" for job in gateway.jobs.of(path))


def launch_of(gateway: Gateway, job: dict[str, Any]) -> int:
    return int(gateway.jobs.steps(job["id"], "launch")[0]["seq"])


def test_a_second_pc_of_the_same_name_is_turned_away_and_says_why(
    instruments: list[Instrument], gateway: Gateway, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first = instruments[0]
    twin = instrument(tmp_path_factory.mktemp("twin"), first.name, gateway.edge)
    twin.write("twin/a.tif")
    before = first.came_back()
    with running_in_one_process([twin]):
        until(lambda: "this one is turned away" in status(twin)["announce"], "it says why it waits", 60)
        assert (gateway.jobs.of("twin/"), twin.came_back(), first.came_back()) == ([], [], before)
        holders = gateway.side.repository.get("/api/v2/instruments/installations")
        assert len(holders[first.name]["turned_away"]) == 1


def status(side: Instrument) -> dict[str, str]:
    answer: dict[str, str] = requests.get(
        f"{side.settings.service_url('data_organizer')}/api/v2/status", timeout=10
    ).json()
    return answer
