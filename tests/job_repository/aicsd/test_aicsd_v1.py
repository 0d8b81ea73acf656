"""AiCSD's `/api/v1/job…`: the table of its wire format, row by row."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from job_repository.aicsd.bodies import MOST_BYTES
from job_repository.app import create
from labrelay.capability import Fence, load_key, query
from labrelay.settings import Settings
from tests.job_repository.conftest import add_task, announce, job_of, until_claimed

FILE = {"Hostname": "oem", "DirName": "/tmp/files/input/", "Name": "a.tiff", "Extension": ".tiff"}
REPORT = {"Status": "PipelineComplete", "QCFlags": "none", "Results": "CellCount, 598"}


def push(api: TestClient, **more: Any) -> Any:
    return api.post("/api/v1/job", json={"InputFile": {**FILE, **more}})


def test_create_answers_the_id_and_then_the_same_id(api: TestClient) -> None:
    first, again = push(api), push(api)
    assert (first.status_code, again.status_code) == (201, 409)
    assert first.text == again.text
    assert job_of(api, first.text)["source"]["path"] == "tmp/files/input/a.tiff"


def test_create_with_a_new_digest_is_a_new_job(api: TestClient) -> None:
    first, second = push(api, Sha256="1" * 64, Size=4), push(api, Sha256="2" * 64, Size=4)
    assert (first.status_code, second.status_code, first.text != second.text) == (201, 201, True)
    assert push(api).text == second.text


def test_a_bad_create_is_400(api: TestClient) -> None:
    for body in (b"{", b"[]", b'{"Id":"x","InputFile":{}}', b'{"InputFile":{"Name":"a"}}'):
        assert api.post("/api/v1/job", content=body).status_code == 400, body


def test_reads_have_aicsds_form_and_statuses(api: TestClient) -> None:
    assert api.get("/api/v1/job").json() == []
    job_id = push(api, Attributes={"Dye": "DAPI"}).text
    job = api.get(f"/api/v1/job/{job_id}").json()
    assert (job["Status"], job["Owner"], job["InputFile"]["Name"]) == ("NoPipelineFound", "none", "a.tiff")
    assert job["InputFile"]["Attributes"] == {"Dye": "DAPI"}
    assert [each["Id"] for each in api.get("/api/v1/job").json()] == [job_id]
    assert [each["Id"] for each in api.get("/api/v1/job/owner/none").json()] == [job_id]
    assert api.get("/api/v1/job/owner/task-launcher").json() == []
    assert api.get("/api/v1/job/owner/nobody").status_code == 500
    assert api.get("/api/v1/job/unknown").status_code == 500


def test_reads_are_translated_when_asked(api: TestClient) -> None:
    push(api)
    english = api.get("/api/v1/job", headers={"Accept-Language": "en-GB,en;q=0.9"}).json()[0]
    chinese = api.get("/api/v1/job", headers={"Accept-Language": "zh-CN"}).json()[0]
    plain = api.get("/api/v1/job", headers={"Accept-Language": "fr"}).json()[0]
    assert (english["Status"], plain["Status"]) == ("No pipeline found", "NoPipelineFound")
    assert chinese["Status"] == "未找到处理流程"
    assert chinese["ErrorDetails"]["Owner"] == "数据整理器"


def test_put_changes_verification_and_attributes(api: TestClient) -> None:
    job_id = push(api, Attributes={"Dye": "DAPI"}).text
    url = f"/api/v1/job/{job_id}"
    assert api.put(url, json={"Verification": 1}).json()["Verification"] == 1
    assert api.put(url, json={"InputFile.Attributes.Dye": "GFP"}).json()["InputFile"]["Attributes"] == {"Dye": "GFP"}
    assert api.put(url, json={"InputFile": {"Attributes": {"Lab": "7"}}}).json()["InputFile"]["Attributes"] == {
        "Lab": "7"
    }
    whole = api.get(url).json()
    assert api.put(url, json={**whole, "Verification": 2}).json()["Verification"] == 2


REFUSED_CHANGES: list[dict[str, Any]] = [
    {"Owner": "task-launcher"},
    {"Status": "Complete"},
    {"PipelineDetails.Status": "PipelineComplete"},
    {"PipelineDetails": {"Results": "1"}},
    {"Id": "other"},
    {"Nonsense": 1},
    {"Verification": "1"},
    {"Verification": 3},
    {"Verification": True},
    {"InputFile.Attributes.New": "x"},
    {"InputFile.Attributes": {"a": 1}},
    {"Verification": 1, "Owner": "task-launcher"},
    {},
]


def test_put_of_what_the_transitions_decide_is_404(api: TestClient) -> None:
    job_id = push(api, Attributes={"Dye": "DAPI"}).text
    before = job_of(api, job_id)
    for change in REFUSED_CHANGES:
        assert api.put(f"/api/v1/job/{job_id}", json=change).status_code == 404, change
    assert job_of(api, job_id) == before


def test_put_of_an_unknown_job_is_404_and_of_nonsense_400(api: TestClient) -> None:
    assert api.put("/api/v1/job/unknown", json={"Verification": 1}).status_code == 404
    assert api.put("/api/v1/job/unknown", content=b"{").status_code == 400


def test_a_deleted_job_is_gone_from_v1_and_stays_on_record(api: TestClient) -> None:
    job_id = push(api).text
    assert api.delete(f"/api/v1/job/{job_id}").status_code == 200
    assert api.delete(f"/api/v1/job/{job_id}").status_code == 500
    assert api.get("/api/v1/job").json() == []
    assert job_of(api, job_id)["id"] == job_id
    again = push(api)
    assert (again.status_code, again.text != job_id) == (201, True)


def test_deleting_a_live_job_cancels_it(api: TestClient) -> None:
    add_task(api)
    job_id = announce(api)["jobs"][0]
    assert api.delete(f"/api/v1/job/{job_id}").status_code == 200
    assert job_of(api, job_id)["stage"] == "cancelled"


def callback(api: TestClient, settings: Settings, job_id: str, attempt: int = 1) -> str:
    job = job_of(api, job_id)
    task = job["task"]["id"]
    fence = Fence(job_id, task, job["epoch"], attempt)
    return f"/api/v1/job/pipeline/{job_id}/{task}?{query(load_key(settings.gateway_layout.secrets), fence)}"


def test_a_report_is_taken_for_its_attempt(api: TestClient, settings: Settings) -> None:
    job_id = until_claimed(api)
    files = [{"DirName": "/out", "Name": "a.tif", "Extension": ".tif", "Sha256": "e" * 64, "ErrorDetails": "none"}]
    body = {**REPORT, "OutputFiles": files, "Measurements": {"count": 598}, "Hostname": "x"}
    url = callback(api, settings, job_id)
    answer = api.put(url, json=body)
    assert (answer.status_code, answer.text) == (200, "")
    job = job_of(api, job_id)
    assert (job["stage"], job["report"]["measurements"]) == ("reported", {"count": 598.0})
    assert job["report"]["outputs"] == [{"directory": "/out", "name": "a.tif", "sha256": "e" * 64}]
    assert api.put(url, json=body).status_code == 200
    assert api.put(url, json={**body, "Results": "other"}).status_code == 409


def test_a_report_of_another_attempt_or_with_a_changed_key_changes_nothing(api: TestClient, settings: Settings) -> None:
    job_id = until_claimed(api)
    assert api.put(callback(api, settings, job_id, attempt=2), json=REPORT).status_code == 409
    good = callback(api, settings, job_id)
    assert api.put(good.replace("key=", "key=0"), json=REPORT).status_code == 403
    assert api.put(good.replace("attempt=1.1", "attempt=1.2"), json=REPORT).status_code == 403
    assert job_of(api, job_id)["stage"] == "processing"


def test_a_tokenless_report_is_only_taken_from_this_machine(settings: Settings, redis_url: str) -> None:
    app = create(settings)
    with TestClient(app, client=("127.0.0.1", 1)) as near:
        job_id = until_claimed(near)
        url = f"/api/v1/job/pipeline/{job_id}/{job_of(near, job_id)['task']['id']}"
        far = TestClient(app, client=("10.0.0.7", 1))
        assert far.put(url, json=REPORT).status_code == 403
        assert near.put(url, json=REPORT).status_code == 200


def test_wrong_reports_get_aicsds_codes(api: TestClient) -> None:
    job_id = until_claimed(api)
    url = f"/api/v1/job/pipeline/{job_id}/{job_of(api, job_id)['task']['id']}"
    assert api.put(url, json={**REPORT, "Status": "pipelinecomplete"}).status_code == 400
    assert api.put(f"/api/v1/job/pipeline/{job_id}/other", json=REPORT).status_code == 400
    assert api.put("/api/v1/job/pipeline/unknown/other", json=REPORT).status_code == 400
    assert api.put(url, content=b"{").status_code == 500


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"Status": "' + b"x" * (MOST_BYTES + 1), "1,000,000 bytes"),
        (b" " * 20_000_000, "1,000,000 bytes"),
        (b'{"Results": ' + b"[" * 100_000, "nested deeper"),
    ],
    ids=["long", "longer than any body", "deep"],
)
def test_a_report_beyond_the_limits_is_refused_and_its_job_says_why(api: TestClient, body: bytes, words: str) -> None:
    job_id = until_claimed(api)
    url = f"/api/v1/job/pipeline/{job_id}/{job_of(api, job_id)['task']['id']}"
    assert api.put(url, content=body).status_code == 422
    assert words in job_of(api, job_id)["overdue"]
