"""One small language chooses jobs: in addresses, on the command line, for lists, counts and acts."""

import time
from typing import Any

import pytest
from fastapi.testclient import TestClient

from labrelay.contracts.filters import LARGEST, NAMES, FilterInvalid, JobFilter, moment_ns
from labrelay.settings import Settings
from tests.job_repository.actions.test_actions import FAILURE
from tests.job_repository.conftest import add_task, announce, take

NOW = 1_800_000_000_000_000_000
SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("text", "ago_s"), [("90s", 90), ("30m", 1800), ("2h", 7200), ("3d", 259_200), ("1w", 604_800), ("0s", 0)]
)
def test_a_span_ends_now(text: str, ago_s: int) -> None:
    assert moment_ns(text, NOW) == NOW - ago_s * SECOND


def test_a_time_is_taken_with_its_offset_and_else_as_this_machines() -> None:
    assert moment_ns("1970-01-01T01:00:00+01:00", NOW) == 0
    local = time.mktime((2026, 11, 22, 14, 0, 0, 0, 0, -1))
    assert moment_ns("2026-11-22T14:00", NOW) == int(local) * SECOND
    assert moment_ns("9999-12-31", NOW) == LARGEST
    assert moment_ns("999999w", NOW) == -LARGEST


@pytest.mark.parametrize("text", ["2 h", "h", "-1h", "yesterday", "2026-13-01", "1.5h"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(FilterInvalid, match="since"):
        JobFilter.parse(f"'since={text}'")


def test_a_filter_is_the_same_in_words_and_in_an_address() -> None:
    text = "stage=failed stage=cancelled code=pipeline_failed 'plate=P 7' since=2h"
    found = JobFilter.parse(text)
    assert found.plate == ("P 7",)
    assert found.text == text
    assert found.query == "stage=failed&stage=cancelled&code=pipeline_failed&plate=P+7&since=2h"
    assert JobFilter.parse("").pairs == ()


@pytest.mark.parametrize("text", ["failed", "stage=", "=x", "stage=eaten", "sate=failed", "plate='P7", "kind=cat"])
def test_what_cannot_be_read_is_refused_with_a_way_out(text: str) -> None:
    with pytest.raises(FilterInvalid) as refused:
        JobFilter.parse(text)
    assert refused.value.next_step
    if text == "sate=failed":
        assert "Did you mean stage?" in refused.value.cause


@pytest.fixture(scope="module")
def lab(shared: TestClient, home: Settings) -> dict[str, str]:
    """One job of each kind, by a name."""
    add_task(shared)
    capture = announce(shared, "P1/A01_100%.tif", attributes={"plate": "P 1", "well": "A01"})
    jobs = {"plain": capture["jobs"][0], "capture": capture["capture_id"]}
    jobs["other"] = announce(shared, "P2/B_01.TIF", "b" * 64, instrument="reader2", attributes={"plate": "P2"})["jobs"][
        0
    ]
    jobs["failed"] = announce(shared, "P2/C_01.tif", "c" * 64)["jobs"][0]
    take(shared, jobs["failed"], "fail", failure=FAILURE)
    jobs["task"] = shared.get("/api/v2/tasks").json()["items"][0]["id"]
    (plate,) = shared.get("/api/v2/plates").json()["items"]
    return {**jobs, "plate": plate["id"]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("stage=failed", "failed"),
        ("status=failed", "failed"),
        ("status=PipelineError", "failed"),
        ("status=Incomplete", "other plain"),
        ("status=Incomplete status=failed", "failed other plain"),
        ("stage=failed stage=awaiting_input", "failed other plain"),
        ("stage=awaiting_input instrument=reader2", "other"),
        ("code=pipeline_failed", "failed"),
        ("code=pipeline", ""),
        ("pipeline=nuclei instrument=reader1", "failed plain"),
        ("task={task}", "failed other plain"),
        ("task=nobody", ""),
        ("'plate=P 1'", "plain"),
        ("plate={plate}", "plain"),
        ("plate=P2 'plate=P 1'", "other plain"),
        ("path=b_01.tif", "other"),
        ("path=P2/*_01.tif", "failed other"),
        ("path=P2/?_01.tif path=P1/*", "failed other plain"),
        ("path=*.png", ""),
        ("path=100%", "plain"),
        ("path=%", "plain"),
        ("capture_id={capture}", "plain"),
        ("job={plain}", "plain"),
        ("job={plain:.8}", "plain"),
        ("job=ffffffff job={other}", "other"),
        ("kind=image", "failed other plain"),
        ("overdue=no", "failed other plain"),
        ("overdue=yes", ""),
        ("waived=no stage=failed", "failed"),
        ("waived=yes", ""),
        ("kind=table", ""),
        ("kind=table kind=image", "failed other plain"),
        ("q=reader2", "other"),
        ("q=pipeline_f q=p2", "failed"),
        ("'q=P 1'", "plain"),
        ("q={plain:.8}", "plain"),
        ("since=1h", "failed other plain"),
        ("until=1h", ""),
        ("since=1h until=0s stage=failed", "failed"),
    ],
)
def test_each_word_chooses_jobs_and_counts_them(
    shared: TestClient, lab: dict[str, str], text: str, expected: str
) -> None:
    wanted = JobFilter.parse(text.format(**lab))
    page = shared.get("/api/v2/jobs", params=[*wanted.pairs, ("facets", "true"), ("limit", "10")]).json()
    names = {job_id: name for name, job_id in lab.items()}
    assert " ".join(names[job["id"]] for job in page["items"]) == expected
    assert page["facets"]["total"] == len(expected.split())


def test_facets_count_all_that_fit_not_only_the_page(shared: TestClient, lab: dict[str, str]) -> None:
    page = shared.get("/api/v2/jobs", params={"facets": "true", "limit": 1}).json()
    assert len(page["items"]) == 1
    assert page["facets"] == {
        "total": 3,
        "exact": True,
        "stage": {"awaiting_input": 2, "failed": 1},
        "status": {"Incomplete": 2, "PipelineError": 1},
        "code": {"pipeline_failed": 1},
        "instrument": {"reader1": 2, "reader2": 1},
        "pipeline": {"nuclei": 3},
        "task": {lab["task"]: 3},
    }
    assert shared.get("/api/v2/jobs", params={"limit": 1}).json()["facets"] is None


@pytest.mark.parametrize("query", [{"sate": "failed"}, {"stage": "eaten"}, {"since": "soon"}, {"path": "a\x00b"}])
def test_a_slip_in_an_address_is_refused_and_shows_no_other_jobs(shared: TestClient, query: dict[str, Any]) -> None:
    assert shared.get("/api/v2/jobs", params=query).status_code == 422


def test_an_empty_field_of_a_form_says_nothing(shared: TestClient, lab: dict[str, str]) -> None:
    every = dict.fromkeys(NAMES, "")
    assert len(shared.get("/api/v2/jobs", params=every).json()["items"]) == 3


def test_a_job_and_the_list_answer_head(shared: TestClient, lab: dict[str, str]) -> None:
    answer = shared.head(f"/api/v2/jobs/{lab['plain']}")
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"1"')
    assert shared.head("/api/v2/jobs").status_code == 200
    assert shared.head("/api/v2/jobs/none").status_code == 404
