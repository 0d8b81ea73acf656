"""Plates through the real chain: one table beside the images, one event for each edition, whatever dies when."""

import csv
import math
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from labrelay import supervisor
from labrelay.http.client import Client
from labrelay.settings.model import Plates
from tests.chain.counting_pipeline import numbers_of
from tests.chain.system import Chain, chain_of, chain_settings
from tests.polling import until

pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]

FILES = ("A01_s1.tif", "A01_s2.tif", "B07_s1.tif")
QUIET_S = 4.0
"""The usual plates here have all their files and needn't wait for this."""
Row = dict[str, str]


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(supervisor.WORKERS, "counting", "tests.chain.counting_pipeline")
        patch.setattr("labrelay.processes.MAX_PAUSE_S", 0.2)
        settings = chain_settings(tmp_path_factory.mktemp("plates"), pipelines=("counting",))
        with chain_of(settings.model_copy(update={"plates": Plates(quiet_s=QUIET_S)})) as chain:
            task = {"description": "count", "selector": True, "pipeline": "counting", "plate_images": len(FILES)}
            chain.session.launcher.post("/api/v2/tasks", task)
            yield chain


def repository(chain: Chain) -> Client:
    return Client(chain.session.settings.service_url("job_repository"), retries=20)


def write(chain: Chain, plate: str, *files: str) -> None:
    for file in files:
        chain.instrument.write(f"{plate}/{file}", chunks=1)


def events(chain: Chain, plate: str) -> list[dict[str, Any]]:
    answer = repository(chain).get("/api/v2/plates/finished", params={"after": 0, "limit": 1000})
    return [each["finished"] for each in answer["items"] if each["finished"]["plate"] == plate]


def rests(chain: Chain, plate: str, edition: int) -> bool:
    """Finished, and the table of this edition lies beside the images."""
    shown = [each for each in repository(chain).get("/api/v2/plates")["items"] if each["plate"] == plate]
    tasks = shown[0]["tasks"] if shown and shown[0]["state"] == "finished" else []
    return [(each["edition"], each["table_stage"]) for each in tasks] == [(edition, "complete")]


def finish(chain: Chain, plate: str, edition: int = 1) -> list[Row]:
    """Wait for an edition; the rows of the table on the instrument's side, which lies there once."""
    until(lambda: rests(chain, plate, edition), f"edition {edition} of {plate}", seconds=150)
    (table,) = (chain.output / plate).glob("*wells*")
    assert table.name == f"{plate}_counting_wells.csv"
    return list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))


def expected(folder: Path) -> dict[str, tuple[str, float]]:
    """What the wells' table must say, from the images alone: by well the sum of counts and the mean of areas."""
    wells = defaultdict(list)
    for path in folder.iterdir():
        if "bad" not in path.name:
            wells[path.name[:3]].append(numbers_of(path.read_bytes()))
    return {
        well: (str(int(sum(each["count"] for each in found))), fmean(each["mean_area_um2"] for each in found))
        for well, found in wells.items()
    }


def assert_right(chain: Chain, plate: str, rows: list[Row]) -> None:
    told = {row["well"]: (row["count"], float(row["mean_area_um2"])) for row in rows}
    right = expected(chain.instrument.folder / plate)
    assert {well: count for well, (count, _) in told.items()} == {well: count for well, (count, _) in right.items()}
    assert all(math.isclose(told[well][1], mean, rel_tol=1e-5) for well, (_, mean) in right.items())


def test_a_plate_ends_with_one_table_and_a_late_file_with_the_second_edition_in_its_place(chain: Chain) -> None:
    write(chain, "P1", *FILES)
    rows = finish(chain, "P1")
    assert [(row["well"], row["images"], row["failed"]) for row in rows] == [("A01", "2", "0"), ("B07", "1", "0")]
    assert_right(chain, "P1", rows)
    write(chain, "P1", "C03_s1.tif")
    assert_right(chain, "P1", finish(chain, "P1", edition=2))
    assert [event["edition"] for event in events(chain, "P1")] == [1, 2]
    front = Client(chain.session.settings.service_url("data_organizer_gateway"))
    table = (chain.output / "P1" / "P1_counting_wells.csv").read_bytes()
    assert front.request("GET", events(chain, "P1")[1]["table"]).content == table


def test_a_failed_image_is_named_in_the_table(chain: Chain) -> None:
    write(chain, "P2", "A01_s1.tif", "A01_s2.bad.tif", "A02_s1.tif")
    first, _ = finish(chain, "P2")
    assert (first["images"], first["failed"], first["failed_images"].split(" ")[0]) == ("2", "1", "P2/A01_s2.bad.tif")


def test_a_kill_before_the_table_is_made_leaves_one(chain: Chain) -> None:
    write(chain, "P3", *FILES)
    until(lambda: repository(chain).get("/api/v2/jobs", params={"path": "P3/", "stage": "complete"})["items"], "work")
    chain.kill("gateway")
    assert_right(chain, "P3", finish(chain, "P3"))
    assert [event["edition"] for event in events(chain, "P3")] == [1]


def test_a_kill_just_after_the_event_leaves_one(chain: Chain) -> None:
    write(chain, "P4", *FILES)
    until(lambda: events(chain, "P4"), "the event", pause_s=0.003)
    chain.kill("gateway")
    assert_right(chain, "P4", finish(chain, "P4"))
    assert [event["edition"] for event in events(chain, "P4")] == [1]
