"""Plates over HTTP: finished once, with the right sums; late, failed, rewritten and repeated files; several tasks."""

import asyncio
import csv
import io
import itertools
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import redis
from fastapi.testclient import TestClient

from job_repository.app import create
from job_repository.events import stream
from labrelay.settings import Settings
from labrelay.settings.model import Plates
from tests.job_repository.conftest import add_task, announce, job_of, report, take

NUMBERS = itertools.count(1)
NEVER_S, AT_ONCE_S = 3600.0, 0.0
"""A plate is quiet when its test says so, however busy the machine is."""


@pytest.fixture(scope="module")
def quick(home: Settings) -> Settings:
    return home.model_copy(update={"plates": Plates(quiet_s=NEVER_S)})


@pytest.fixture(scope="module")
def api(quick: Settings) -> Iterator[TestClient]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("job_repository.plates.finishing.LOOK_S", 0.05)
        with TestClient(create(quick), client=("127.0.0.1", 40000), raise_server_exceptions=False) as client:
            yield client


@dataclass
class Reader:
    """One test's own plate: files arrive and are worked on as the test says."""

    api: TestClient
    settings: Settings
    name: str
    returns: str = "instrument"
    jobs: dict[str, list[str]] = field(default_factory=dict)

    def arrive(self, file: str, content: str = "", predecessor: str | None = None, **attributes: Any) -> dict[str, Any]:
        known = {"plate": self.name, "well": file[:3], "field": 1, **attributes}
        digest = (f"{hash((self.name, file, content)) & (2**256 - 1):064x}")[-64:]
        told = {"attributes": known, "returns": self.returns, "predecessor": predecessor}
        capture = announce(self.api, f"{self.name}/{file}", digest, **told)
        url = f"/api/v2/captures/{capture['capture_id']}/stored"
        assert self.api.post(url, json={"size": 3, "sha256": digest}).status_code == 200
        self.jobs[file] = capture["jobs"]
        return capture

    def work(self, job_id: str, flags: str = "passed", **measured: float) -> None:
        take(self.api, job_id, "launch")
        attempt = take(self.api, job_id, "claim", worker="w", lease_s=15)["attempt"]
        told = {**report(outputs=False), "measurements": measured, "qc_flags": flags}
        take(self.api, job_id, "report", attempt=attempt, report=told)
        take(self.api, job_id, "finish", attempt=attempt, status="PipelineComplete")

    def count(self, file: str, **measured: float) -> None:
        """Arrived, worked on by every task, complete."""
        self.arrive(file)
        for job_id in self.jobs[file]:
            self.work(job_id, "passed", **measured)

    def fail(self, file: str) -> None:
        failure = {"code": "image_unreadable", "cause": "Cut off.", "next_step": "Again.", "retryable": True}
        for job_id in self.jobs[file]:
            take(self.api, job_id, "fail", failure={**failure, "owner": "task-launcher"})

    @property
    def plate(self) -> dict[str, Any]:
        items = self.api.get("/api/v2/plates").json()["items"]
        return next((each for each in items if each["plate"] == self.name), {"state": "unknown", "tasks": []})

    @contextmanager
    def quiet(self, quiet_s: float = AT_ONCE_S) -> Iterator[None]:
        """In the block plates count as quiet so soon."""
        plates = self.api.app.state.repository.plates  # type: ignore[attr-defined]
        plates._quiet_s = quiet_s
        plates.take_up()
        yield
        plates._quiet_s = NEVER_S

    def finish(self, edition: int = 1) -> dict[str, Any]:
        """Let the plate be quiet until all its tables have reached an edition; the plate."""
        with self.quiet():
            return self.reach(edition)

    def reach(self, edition: int = 1) -> dict[str, Any]:
        end = time.monotonic() + 30
        while (seen := self.plate)["state"] != "finished" or any(each["edition"] < edition for each in seen["tasks"]):
            assert time.monotonic() < end, seen
            time.sleep(0.02)
        return seen

    def rows(self, kind: str = "table", task: str = "") -> list[dict[str, str]]:
        answer = self.api.get(f"/api/v2/plates/{self.plate['id']}/{kind}.csv", params={"task": task} if task else {})
        assert answer.status_code == 200, answer.text
        return list(csv.DictReader(io.StringIO(answer.text)))

    def events(self) -> list[dict[str, Any]]:
        self.api.get("/api/v2/summary")
        items = self.api.get("/api/v2/plates/finished", params={"after": 0, "limit": 1000}).json()["items"]
        return [each["finished"] for each in items if each["finished"]["plate"] == self.name]


@pytest.fixture
def reader(api: TestClient, quick: Settings) -> Reader:
    for task in api.get("/api/v2/tasks").json()["items"]:
        api.delete(f"/api/v2/tasks/{task['id']}")
    add_task(api)
    return Reader(api, quick, f"P{next(NUMBERS)}")


def test_a_quiet_plate_gets_one_table_with_sums_and_means(reader: Reader) -> None:
    reader.count("A01_s1.tif", count=10, mean_area_um2=2.0)
    reader.count("A01_s2.tif", count=5, mean_area_um2=3.0)
    reader.count("B02_s1.tif", count=0)
    plate = reader.finish()
    first, second = reader.rows()
    assert (first["plate"], first["well"], first["row"], first["column"]) == (reader.name, "A01", "A", "1")
    assert (first["images"], first["failed"], first["count"], first["mean_area_um2"]) == ("2", "0", "15", "2.5")
    assert (second["well"], second["count"], second["mean_area_um2"]) == ("B02", "0", "")
    assert plate["tasks"][0]["counts"] == {"wells": 2, "images": 3, "complete": 3, "failed": 0, "expected": None}
    (event,) = reader.events()
    assert (event["edition"], event["instrument"], event["task_id"]) == (1, "reader1", plate["tasks"][0]["task_id"])
    assert reader.api.get(event["table"]).text.startswith("plate,well,row,column,images,failed,count,")


def test_the_live_events_name_a_finished_plate(reader: Reader) -> None:
    reader.count("A01_s1.tif", count=10)
    table = reader.finish()["tasks"][0]["table_job"]
    repository = reader.api.app.state.repository  # type: ignore[attr-defined]

    async def told() -> str:
        return await anext(
            text async for text in stream(repository, 0) if "event: plate_finished" in text and table in text
        )

    text = asyncio.run(asyncio.wait_for(told(), 20))
    event = json.loads(text.partition("data: ")[2])
    assert (event["job_id"], event["detail"]["finished"]) == (table, reader.events()[0])


def test_the_table_comes_back_like_any_output(reader: Reader) -> None:
    reader.count("A01_s1.tif", count=1)
    job_id = reader.finish()["tasks"][0]["table_job"]
    job = job_of(reader.api, job_id)
    assert job["stage"] == "returning"
    assert job["source"]["path"] == f"{reader.name}/{reader.name}_nuclei_wells.csv"
    assert [each["name"].rpartition("_")[2] for each in job["outputs"]] == ["wells.csv", "images.csv"]
    outputs = [{"index": at, "path": each["name"], "sha256": each["sha256"]} for at, each in enumerate(job["outputs"])]
    told = {"job_id": job_id, "epoch": job["epoch"], "attempt": 1, "outputs": outputs}
    assert take(reader.api, job_id, "receive", receipt=told)["stage"] == "complete"
    assert reader.plate["state"] == "finished"


def test_while_an_image_is_worked_on_there_is_no_table(reader: Reader) -> None:
    reader.arrive("A02_s1.tif")
    reader.count("A01_s1.tif", count=1)
    with reader.quiet():
        time.sleep(0.4)
    assert (reader.plate["state"], reader.events()) == ("arriving", [])
    answer = reader.api.get(f"/api/v2/plates/{reader.plate['id']}/table.csv")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_table_yet")
    reader.work(reader.jobs["A02_s1.tif"][0], count=1)
    assert len(reader.finish()["tasks"]) == 1


def test_a_failed_image_is_counted_and_named(reader: Reader) -> None:
    reader.count("A01_s1.tif", count=4)
    reader.arrive("A01_s2.tif")
    reader.fail("A01_s2.tif")
    reader.finish()
    (row,) = reader.rows()
    assert (row["images"], row["failed"], row["count"]) == ("2", "1", "4")
    assert row["failed_images"] == f"{reader.name}/A01_s2.tif (image_unreadable)"
    (bad,) = [each for each in reader.rows("images") if each["result"] == "failed"]
    assert (bad["failure"], bad["cause"], bad["count"]) == ("image_unreadable", "Cut off.", "")


def test_a_late_file_makes_the_second_edition_of_the_same_job(reader: Reader) -> None:
    reader.count("A01_s1.tif", count=4)
    first = reader.finish()["tasks"][0]["table_job"]
    reader.count("A01_s2.tif", count=3)
    second = reader.finish(edition=2)["tasks"][0]
    assert (second["table_job"], second["edition"]) == (first, 2)
    assert [row["count"] for row in reader.rows()] == ["7"]
    assert [event["edition"] for event in reader.events()] == [1, 2]
    assert (job_of(reader.api, first)["attempt"], job_of(reader.api, first)["stage"]) == (2, "returning")


def test_a_receipt_of_the_first_edition_does_not_complete_the_second(reader: Reader) -> None:
    reader.count("A01_s1.tif", count=4)
    job = job_of(reader.api, reader.finish()["tasks"][0]["table_job"])
    reader.count("A01_s2.tif", count=3)
    reader.finish(edition=2)
    outputs = [{"index": at, "path": each["name"], "sha256": each["sha256"]} for at, each in enumerate(job["outputs"])]
    told = {"job_id": job["id"], "epoch": job["epoch"], "attempt": 1, "outputs": outputs}
    assert take(reader.api, job["id"], "receive", expect=409, receipt=told)["code"] == "stale_attempt"


def test_the_last_expected_image_finishes_the_plate_at_once(reader: Reader) -> None:
    (task,) = reader.api.get("/api/v2/tasks").json()["items"]
    draft = {name: task[name] for name in ("description", "selector", "pipeline")}
    reader.api.put(f"/api/v2/tasks/{task['id']}", json={**draft, "plate_images": 2}).raise_for_status()
    reader.count("A01_s1.tif", count=1)
    time.sleep(0.4)
    assert reader.events() == []
    reader.count("A01_s2.tif", count=1)
    assert reader.reach()["tasks"][0]["counts"]["expected"] == 2


def test_each_task_on_a_plate_has_a_table(reader: Reader) -> None:
    add_task(reader.api, pipeline="cells", also=True, description="cells too")
    reader.count("A01_s1.tif", count=2)
    tasks = reader.finish()["tasks"]
    assert sorted(each["pipeline"] for each in tasks) == ["cells", "nuclei"]
    assert {row["count"] for each in tasks for row in reader.rows(task=each["task_id"])} == {"2"}
    answer = reader.api.get(f"/api/v2/plates/{reader.plate['id']}/table.csv")
    assert (answer.status_code, "Several tasks" in answer.json()["cause"]) == (400, True)


def test_a_rewritten_file_counts_once(reader: Reader) -> None:
    first = reader.arrive("A01_s1.tif")
    reader.work(reader.jobs["A01_s1.tif"][0], count=2)
    reader.arrive("A01_s1.tif", "new", predecessor=first["capture_id"])
    reader.work(reader.jobs["A01_s1.tif"][0], count=5)
    reader.finish()
    assert [(row["images"], row["count"]) for row in reader.rows()] == [("1", "5")]


def test_reprocessing_makes_an_edition_only_if_the_numbers_change(reader: Reader) -> None:
    reader.count("A01_s1.tif", count=2)
    reader.finish()
    (job_id,) = reader.jobs["A01_s1.tif"]
    for count in (2, 3):
        blob = reader.settings.gateway_layout.input_blob("reader1", job_of(reader.api, job_id)["source"]["sha256"])
        blob.parent.mkdir(parents=True, exist_ok=True)
        blob.write_bytes(b"abc")
        reader.api.post(f"/api/v2/jobs/{job_id}/reprocess").raise_for_status()
        reader.work(job_id, count=count)
        reader.finish()
    assert [event["edition"] for event in reader.events()] == [1, 2]
    assert [row["count"] for row in reader.rows()] == ["3"]


def test_a_pushed_plate_has_its_table_over_http_alone(reader: Reader) -> None:
    reader.returns = "none"
    reader.count("A01_s1.tif", count=2)
    task = reader.finish()["tasks"][0]
    assert (task["table_stage"], [row["count"] for row in reader.rows()]) == ("complete", ["2"])


def test_a_plate_whose_instrument_is_paused_waits(reader: Reader) -> None:
    pause = "/api/v2/instruments/reader1/pause"
    reader.api.put(pause, json={"paused": True, "by": "tester"}).raise_for_status()
    reader.count("A01_s1.tif", count=2)
    with reader.quiet(0.3):
        time.sleep(0.8)
        assert reader.events() == []
        reader.api.put(pause, json={"paused": False, "by": "tester"}).raise_for_status()
        reader.reach()


def test_a_lost_live_store_leaves_one_event_for_each_edition(reader: Reader) -> None:
    reader.count("A01_s1.tif", count=2)
    job_id = reader.finish()["tasks"][0]["table_job"]
    reader.api.get("/api/v2/summary")
    with redis.Redis.from_url(reader.settings.redis_url) as client:
        client.flushall()
    job = job_of(reader.api, job_id)
    assert (job["stage"], job["attempt"]) == ("returning", 1)
    reader.count("A01_s2.tif", count=2)
    reader.finish(edition=2)
    assert [event["edition"] for event in reader.events()] == [1, 2]


def test_a_table_that_the_store_lost_is_made_again_by_a_retry(reader: Reader) -> None:
    reader.count("A01_s1.tif", count=2)
    job_id = reader.finish()["tasks"][0]["table_job"]
    job = job_of(reader.api, job_id)
    folder = reader.settings.gateway_layout.outputs(job_id, job["epoch"], 1)
    text = (folder / job["outputs"][0]["name"]).read_text()
    for file in folder.iterdir():
        file.unlink()
    reader.api.post(f"/api/v2/jobs/{job_id}/cancel").raise_for_status()
    assert reader.api.post(f"/api/v2/jobs/{job_id}/retry").json()["stage"] == "returning"
    assert (folder / job["outputs"][0]["name"]).read_text() == text
    assert len(reader.events()) == 1


def test_a_table_that_is_reprocessed_is_sent_once_more_as_it_is(reader: Reader) -> None:
    reader.count("A01_s1.tif", count=2)
    table = job_of(reader.api, reader.finish()["tasks"][0]["table_job"])
    if table["stage"] == "returning":
        received = [
            {"index": index, "path": output["name"], "sha256": output["sha256"]}
            for index, output in enumerate(table["outputs"])
        ]
        told = {"job_id": table["id"], "epoch": table["epoch"], "attempt": table["attempt"], "outputs": received}
        assert take(reader.api, table["id"], "receive", receipt=told)["stage"] == "complete"
    answer = reader.api.post(f"/api/v2/jobs/{table['id']}/reprocess", json={"actor": "Ada"})
    assert answer.status_code == 200, answer.text
    again = answer.json()
    assert (again["stage"], again["attempt"]) == ("returning", table["attempt"])
    assert [output["sha256"] for output in again["outputs"]] == [output["sha256"] for output in table["outputs"]]
    assert again["outputs"][0]["returned_path"] is None


def test_images_that_an_edit_takes_to_another_plate_leave_the_first(reader: Reader) -> None:
    reader.count("A01_s1.tif", count=2)
    reader.count("A02_s1.tif", count=3)
    reader.finish()
    other = replace(reader, name=f"{reader.name}b")
    for file, edition in (("A01_s1.tif", 2), ("A02_s1.tif", 0)):
        told = {"InputFile.Attributes.plate": other.name}
        reader.api.put(f"/api/v1/job/{reader.jobs[file][0]}", json=told).raise_for_status()
        assert [row["count"] for row in reader.rows()] == ["3"] if reader.finish(edition)["tasks"] else not edition
    other.finish(edition=1)
    assert [row["count"] for row in other.rows()] == ["2", "3"]
    assert "plates" not in reader.api.app.state.repository.troubles()  # type: ignore[attr-defined]


def test_a_table_never_becomes_an_image_of_its_plate(reader: Reader) -> None:
    reader.count("A01_s1.tif", count=2)
    table = reader.finish()["tasks"][0]["table_job"]
    told = {"InputFile": {"Attributes": {"plate": reader.name, "well": "B01"}}}
    reader.api.put(f"/api/v1/job/{table}", json=told).raise_for_status()
    assert len(reader.finish()["tasks"]) == 1


def test_files_without_a_plate_or_a_well_belong_to_none(reader: Reader) -> None:
    before = len(reader.api.get("/api/v2/plates").json()["items"])
    announce(reader.api, f"{reader.name}/notes.tif", attributes={"plate": reader.name})
    assert len(reader.api.get("/api/v2/plates").json()["items"]) == before
