"""Sets of channels through the real chain, judged from the output folder: one result for each set, of all its files."""

import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from labrelay import supervisor
from labrelay.http.client import Client
from labrelay.settings import Settings
from tests.chain.jobs import Jobs
from tests.chain.system import Chain, chain_of, chain_settings
from tests.polling import until

pytestmark = [pytest.mark.process, pytest.mark.timeout(120)]

PATTERN = r"(?P<plate>\w+)/(?P<well>[A-P]\d\d)_w(?P<channel>\d)\.tif"
WELLS = ("A01", "A02", "B01", "B02")
ORDER = {"anyhow": ["3", "1", "2"], "short": ["1", "2", "3"], "early": ["1", "2", "3"]}


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(supervisor.WORKERS, "sets", "tests.intake.set_pipeline")
        patch.setattr("labrelay.processes.MAX_PAUSE_S", 0.2)
        with chain_of(reading_names(chain_settings(tmp_path_factory.mktemp("sets"), pipelines=("sets",)))) as chain:
            add_task(chain, "anyhow", deadline_s=60)
            add_task(chain, "short", deadline_s=3)
            add_task(chain, "early", deadline_s=3, incomplete="run")
            yield chain


def reading_names(settings: Settings) -> Settings:
    (folder,) = settings.oem.folders
    reading = folder.model_copy(update={"patterns": (PATTERN,)})
    return settings.model_copy(update={"oem": settings.oem.model_copy(update={"folders": (reading,)})})


def add_task(chain: Chain, plate: str, **rule: Any) -> None:
    body = {
        "description": f"sets of {plate}",
        "selector": {"==": [{"var": "InputFile.Attributes.plate"}, plate]},
        "pipeline": "sets",
        "group": {"by": ["plate", "well"], "over": "channel", "expect": [int(each) for each in ORDER[plate]], **rule},
    }
    chain.session.launcher.post("/api/v2/tasks", body)


def write(chain: Chain, plate: str, well: str, *channels: int) -> None:
    for channel in channels:
        chain.instrument.write(name(plate, well, channel), chunks=1)


def name(plate: str, well: str, channel: int | str) -> str:
    return f"{plate}/{well}_w{channel}.tif"


def results(chain: Chain, plate: str, well: str) -> list[dict[str, str]]:
    """What came back for a well: channels and digests, in order."""
    return [json.loads(path.read_text()) for path in sorted((chain.output / plate).glob(f"{well}_*.json"))]


def expected(chain: Chain, plate: str, well: str, *channels: str) -> dict[str, str]:
    return {channel: chain.instrument.written[name(plate, well, channel)] for channel in channels}


def jobs_of(chain: Chain, plate: str, well: str) -> list[dict[str, Any]]:
    return Jobs(Client(chain.session.settings.service_url("job_repository"), retries=20)).of(f"{plate}/{well}")


def reach(chain: Chain, plate: str, well: str, **stages: int) -> list[dict[str, Any]]:
    """Wait until the well's jobs stand at these stages."""

    def look() -> list[dict[str, Any]]:
        jobs = jobs_of(chain, plate, well)
        return jobs if Counter(job["stage"] for job in jobs) == stages else []

    return until(look, f"{plate}/{well} at {stages}", seconds=40)


def assert_one_result(chain: Chain, plate: str, well: str, *channels: str) -> None:
    """One result of all files in the rule's order, and every file's own job complete."""
    reach(chain, plate, well, complete=len(channels))
    found = results(chain, plate, well)
    assert [list(each.items()) for each in found] == [list(expected(chain, plate, well, *channels).items())]


def test_files_in_any_order_with_pauses_make_one_result_for_each_well(chain: Chain) -> None:
    files = [(well, channel) for well in WELLS for channel in (1, 2, 3)]
    random.Random(7).shuffle(files)
    for well, channel in files:
        write(chain, "anyhow", well, channel)
        time.sleep(0.05)
    for well in WELLS:
        assert_one_result(chain, "anyhow", well, *ORDER["anyhow"])
    there = sorted(path.name for path in (chain.output / "anyhow").iterdir() if path.name.startswith(WELLS))
    assert there == [f"{well}_w3_set.json" for well in WELLS]


def test_a_missing_channel_fails_the_set_and_a_retry_takes_it_in(chain: Chain) -> None:
    write(chain, "short", "A01", 1, 2)
    failed = reach(chain, "short", "A01", failed=2)
    assert {job["failure"]["code"] for job in failed} == {"set_incomplete"}
    assert failed[0]["failure"]["cause"] == "Channel 3 of plate short, well A01 didn't come within 3 seconds."
    assert results(chain, "short", "A01") == []
    write(chain, "short", "A01", 3)
    until(
        lambda: {"gathering", "failed"} & {job["stage"] for job in jobs_of(chain, "short", "A01_w3")}, "the third file"
    )
    chain.session.repository.post(f"/api/v2/jobs/{failed[0]['id']}/retry")
    assert_one_result(chain, "short", "A01", *ORDER["short"])


def test_a_set_may_run_with_what_has_come_by_its_deadline(chain: Chain) -> None:
    write(chain, "early", "A01", 1, 2)
    assert_one_result(chain, "early", "A01", "1", "2")


def test_a_kill_of_the_gateway_while_a_set_gathers_loses_and_doubles_nothing(chain: Chain) -> None:
    write(chain, "anyhow", "C01", 1, 2)
    reach(chain, "anyhow", "C01", gathering=2)
    chain.kill("gateway")
    write(chain, "anyhow", "C01", 3)
    assert_one_result(chain, "anyhow", "C01", *ORDER["anyhow"])


@pytest.mark.parametrize(("victim", "well"), [("gateway", "C02"), ("sets", "C03")])
def test_a_kill_just_when_a_set_is_whole_loses_and_doubles_nothing(chain: Chain, victim: str, well: str) -> None:
    write(chain, "anyhow", well, 1, 2, 3)
    until(lambda: any(job["lead"] for job in jobs_of(chain, "anyhow", well)), "joined", pause_s=0.003)
    chain.kill(victim)
    assert_one_result(chain, "anyhow", well, *ORDER["anyhow"])


def test_inputs_stay_where_they_were(chain: Chain) -> None:
    folder: Path = chain.instrument.folder
    assert all((folder / each).exists() for each in chain.instrument.written)
