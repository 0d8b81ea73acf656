"""`/api/v1` with AiCSD's status codes and bodies."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests

from labrelay.contracts.aicsd import WireJob, WireTask
from labrelay.errors import RequestRefused
from labrelay.http.client import Client
from task_launcher.aicsd_format import go_duration, read_wire
from tests.task_launcher.double import Repository, a_task

Raw = Callable[..., requests.Response]
TIFF = '{ "==" : [ { "var" : "InputFile.Extension" }, ".tiff" ] }'


@pytest.fixture
def repository(office: tuple[Repository, Client]) -> Repository:
    office[0].tasks.clear()
    return office[0]


@pytest.fixture
def launcher(office: tuple[Repository, Client], repository: Repository) -> Client:
    return office[1]


def task(**more: Any) -> dict[str, Any]:
    return {"Description": "count", "JobSelector": TIFF, "PipelineId": "only-file", **more}


def created(raw: Raw, **more: Any) -> str:
    answer = raw("POST", "/api/v1/task", json=task(**more))
    assert answer.status_code == 201, answer.text
    return answer.text


def test_a_created_task_answers_its_id_as_text_and_reads_back(raw: Raw) -> None:
    identity = created(raw, ModelParameters={"Brightness": "0"}, ResultFileFolder="/out", Id=None)
    read = raw("GET", f"/api/v1/task/{identity}").json()
    assert (read["Id"], read["PipelineId"], read["ResultFileFolder"]) == (identity, "only-file", "/out")
    assert json.loads(read["JobSelector"]) == json.loads(TIFF)
    assert read["ModelParameters"] == {"Brightness": "0"}
    assert read["LastUpdated"] > 0
    assert raw("GET", "/api/v1/task").json() == [read]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (task(Id="given"), 400),
        ("{", 400),
        (task(Description=7), 400),
        (task(Description=""), 500),
        (task(JobSelector=None), 500),
        ({"Description": "x", "JobSelector": TIFF}, 500),
        (task(JobSelector="{"), 500),
        (task(JobSelector='{"like": 1}'), 500),
        (task(PipelineId="no topic!"), 500),
    ],
)
def test_a_task_that_aicsd_refuses_is_refused_alike(raw: Raw, repository: Repository, body: Any, status: int) -> None:
    answer = raw("POST", "/api/v1/task", data=body if isinstance(body, str) else json.dumps(body))
    assert (answer.status_code, answer.text[-1:]) == (status, "\n")
    assert repository.tasks == {}


def test_an_empty_list_is_204_without_a_body(raw: Raw) -> None:
    answer = raw("GET", "/api/v1/task")
    assert (answer.status_code, answer.content) == (204, b"")


def test_unknown_tasks_answer_as_aicsd_does(raw: Raw) -> None:
    assert raw("GET", "/api/v1/task/nothing").status_code == 500
    assert raw("DELETE", "/api/v1/task/nothing").status_code == 400
    assert raw("PUT", "/api/v1/task", json=task(Id="nothing")).status_code == 404
    assert raw("PUT", "/api/v1/task", json=task()).status_code == 404
    assert raw("PUT", "/api/v1/task", data="{").status_code == 400


def test_put_merges_what_is_not_empty_and_parameters_key_by_key(raw: Raw, repository: Repository) -> None:
    identity = created(raw, ModelParameters={"a": "1", "b": "2"})
    body = {"Id": identity, "Description": "", "PipelineId": "multi-file", "ModelParameters": {"b": "3", "c": "4"}}
    assert raw("PUT", "/api/v1/task", json=body).status_code == 200
    merged = raw("GET", f"/api/v1/task/{identity}").json()
    assert merged["ModelParameters"] == {"a": "1", "b": "3", "c": "4"}
    assert (merged["Description"], merged["PipelineId"]) == ("count", "multi-file")
    assert json.loads(merged["JobSelector"]) == json.loads(TIFF)
    assert repository.tasks[identity].version == 2


def test_a_deleted_task_is_gone(raw: Raw) -> None:
    identity = created(raw)
    assert [raw("DELETE", f"/api/v1/task/{identity}").status_code for _ in range(2)] == [200, 400]


@pytest.mark.parametrize(("name", "answer"), [("a.tiff", "true"), ("a.png", "false")])
def test_match_task_answers_text(raw: Raw, name: str, answer: str) -> None:
    created(raw)
    job = {"inputfile": {"name": name, "Extension": name[1:]}}
    reply = raw("POST", "/api/v1/matchTask", json=job)
    assert (reply.status_code, reply.text) == (200, answer)


def test_a_broken_selector_stops_no_other_task(raw: Raw, repository: Repository) -> None:
    broken = a_task(selector={"like": 1}, order=1)
    repository.tasks[broken.id] = broken
    created(raw)
    reply = raw("POST", "/api/v1/matchTask", json={"InputFile": {"Extension": ".tiff"}})
    assert (reply.status_code, reply.text) == (200, "true")


@pytest.mark.parametrize(
    ("body", "status"), [("{}", 200), ('{"Id": "x", "InputFile": null}', 200), ("[1", 400), ("[]", 400)]
)
def test_data_to_handle_takes_any_job(raw: Raw, body: str, status: int) -> None:
    assert raw("POST", "/api/v1/dataToHandle", data=body).status_code == status
    assert raw("POST", "/api/v1/matchTask", data=body).status_code == status


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('{"TimeoutDuration":"15s"}', 200),
        ('{"timeoutduration":"1h30m0.5s"}', 200),
        ("{}", 500),
        ('{"TimeoutDuration":"15"}', 500),
        ('{"TimeoutDuration":"soon"}', 500),
        ("{", 400),
    ],
)
def test_retry_wants_a_duration_of_go(raw: Raw, body: str, status: int) -> None:
    assert raw("POST", "/api/v1/retry", data=body).status_code == status


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("15s", 15), ("1h30m", 5400), ("1.5h", 5400), ("250ms", 0.25), ("-2m", -120), ("+3s", 3), ("0", 0), (".5s", 0.5)],
)
def test_durations_are_read_as_go_reads_them(text: str, seconds: float) -> None:
    assert go_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "-", "s", "1", "1 s", "1s!", "1d", "1..5s"])
def test_what_go_refuses_is_refused(text: str) -> None:
    with pytest.raises(RequestRefused):
        go_duration(text)


def test_keys_are_read_in_any_case_and_attributes_keep_theirs() -> None:
    file = b'{"NAME": "a", "attributes": {"Row": "1"}}'
    body = b'{"inputfile": %s, "pipelineDetails": {"outputfiles": [{"dirname": "/x"}]}}' % file
    job = read_wire(WireJob, body)
    assert job.input_file.name == "a"
    assert job.input_file.attributes == {"Row": "1"}
    assert job.pipeline_details.output_files
    assert job.pipeline_details.output_files[0].dir_name == "/x"
    assert read_wire(WireTask, b'{"id": null, "modelparameters": {"A": "b"}}').model_parameters == {"A": "b"}
