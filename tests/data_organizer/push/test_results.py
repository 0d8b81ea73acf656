"""State and outputs of pushed files, at the address where they were pushed."""

import json
from typing import Any

import pytest
import requests

from labrelay.cli.serve import _facts
from labrelay.http import content_digest
from tests.data_organizer.push.gateway import PushGateway, digest_of, sha256

LABELS = bytes(range(256)) * 1000
NAME = "A01 Zürich_labels.tif"


@pytest.fixture(scope="module")
def job(gateway: PushGateway) -> dict[str, Any]:
    """A pushed job whose two outputs are sealed."""
    job_id = gateway.push("results/A01.tif", b"image").json()["jobs"][0]["id"]
    return gateway.seal(job_id, {NAME: LABELS, "table.csv": b"a,b\n"})


def output(gateway: PushGateway, job: dict[str, Any], index: int | str = 0, **headers: str) -> requests.Response:
    return gateway.get(f"/api/v2/jobs/{job['id']}/outputs/{index}", headers=headers)


def test_a_pushed_job_is_complete_when_its_outputs_are_sealed(job: dict[str, Any]) -> None:
    assert job["stage"] == "complete"


def test_the_list_names_every_output_and_where_it_is(gateway: PushGateway, job: dict[str, Any]) -> None:
    listed = gateway.get(f"/api/v2/jobs/{job['id']}/outputs").json()
    assert (listed["stage"], [each["name"] for each in listed["items"]]) == ("complete", [NAME, "table.csv"])
    for each, data in zip(listed["items"], (LABELS, b"a,b\n"), strict=True):
        assert (each["size"], each["sha256"]) == (len(data), sha256(data))
        assert gateway.get(each["url"]).content == data


def test_an_output_comes_with_its_digest_and_a_safe_name(gateway: PushGateway, job: dict[str, Any]) -> None:
    answer = output(gateway, job)
    assert answer.headers["Content-Digest"] == answer.headers["Repr-Digest"] == digest_of(answer.content)
    assert answer.headers["Content-Disposition"].startswith("attachment; ")
    assert "A01%20Z%C3%BCrich_labels.tif" in answer.headers["Content-Disposition"]
    head = requests.head(answer.url, timeout=10)
    assert (head.headers["Content-Length"], head.content) == (str(len(LABELS)), b"")


def test_a_part_is_given_without_pretending_to_be_the_whole(gateway: PushGateway, job: dict[str, Any]) -> None:
    part = output(gateway, job, Range="bytes=1000-1999")
    assert (part.status_code, part.content) == (206, LABELS[1000:2000])
    assert part.headers["Repr-Digest"] == content_digest(sha256(LABELS))
    assert "Content-Digest" not in part.headers
    assert output(gateway, job, Range="bytes=999999999-").status_code == 416


@pytest.mark.parametrize("span", ["items=0-5", "bytes=abc", "bytes=5-2", "bytes", "bytes="])
def test_a_range_that_names_no_bytes_is_ignored(gateway: PushGateway, job: dict[str, Any], span: str) -> None:
    answer = output(gateway, job, Range=span)
    assert (answer.status_code, answer.content) == (200, LABELS)
    assert answer.headers["Content-Digest"] == digest_of(LABELS)


@pytest.mark.parametrize(
    ("span", "status", "size"), [("bytes=-5", 206, 5), ("bytes=255990-", 206, 10), ("Bytes = 0-0", 206, 1)]
)
def test_a_range_may_be_open_on_either_side(
    gateway: PushGateway, job: dict[str, Any], span: str, status: int, size: int
) -> None:
    answer = output(gateway, job, Range=span)
    assert (answer.status_code, len(answer.content)) == (status, size)


def test_what_a_client_has_is_not_sent_again(gateway: PushGateway, job: dict[str, Any]) -> None:
    tag = output(gateway, job).headers["ETag"]
    again = output(gateway, job, **{"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)


@pytest.mark.parametrize(("index", "status"), [("2", 404), ("-1", 404), ("x", 422), ("..%2f..%2fsecret", 404)])
def test_outputs_that_do_not_exist_are_refused(
    gateway: PushGateway, job: dict[str, Any], index: str, status: int
) -> None:
    assert output(gateway, job, index).status_code == status


def test_outputs_that_are_not_sealed_yet_are_a_conflict_that_says_where_the_job_is(gateway: PushGateway) -> None:
    job_id = gateway.push("unsealed.tif", b"x").json()["jobs"][0]["id"]
    for path in ("outputs", "outputs/0"):
        answer = gateway.get(f"/api/v2/jobs/{job_id}/{path}")
        assert (answer.status_code, answer.json()["code"]) == (409, "outputs_not_sealed")
        assert (answer.json()["stage"], answer.json()["retryable"]) == ("ready", True)


def test_a_job_that_ended_without_outputs_has_an_empty_list(gateway: PushGateway) -> None:
    job_id = gateway.push("unmatched.txt", b"x").json()["jobs"][0]["id"]
    assert gateway.get(f"/api/v2/jobs/{job_id}/outputs").json()["items"] == []
    assert gateway.get(f"/api/v2/jobs/{job_id}/outputs/0").status_code == 404


def test_an_output_that_is_gone_is_told(gateway: PushGateway) -> None:
    job_id = gateway.push("gone.tif", b"x").json()["jobs"][0]["id"]
    sealed = gateway.seal(job_id, {"gone.tif": b"gone"})
    (gateway.settings.gateway_layout.outputs(job_id, sealed["epoch"], 1) / "gone.tif").unlink()
    answer = gateway.get(f"/api/v2/jobs/{job_id}/outputs/0")
    assert (answer.status_code, answer.json()["code"]) == (404, "output_gone")


def test_the_same_address_lists_jobs_counts_and_events(gateway: PushGateway, job: dict[str, Any]) -> None:
    listed = gateway.get("/api/v2/jobs", params={"path": "results/A01"}).json()["items"]
    assert [each["id"] for each in listed] == [job["id"]]
    assert gateway.get("/api/v2/summary").json()["stages"]["complete"] >= 1
    assert gateway.get(f"/api/v2/jobs/{job['id']}/timeline").json()["events"][-1]["stage"] == "complete"
    with gateway.get("/api/v2/events?since=0", stream=True) as events:
        data = next(line for line in events.iter_lines() if line.startswith(b"data: "))
    assert json.loads(data.removeprefix(b"data: "))["seq"] == 1


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/api/v2/jobs/{job}/transitions", 404),
        ("POST", "/api/v2/jobs/{job}/cancel", 404),
        ("POST", "/api/v2/jobs/{job}/lease", 404),
        ("GET", "/api/v2/owned?owner=task-launcher", 404),
        ("GET", "/api/v2/captures/wanted?instrument=push", 404),
        ("GET", "/edge/v2/returns?instrument=push", 404),
        ("GET", "/api/v1/job", 404),
        ("GET", "/api/v2/captures/../owned", 404),
        ("DELETE", "/api/v2/jobs/{job}", 405),
        ("POST", "/api/v2/jobs/{job}/outputs", 405),
        ("PUT", "/api/v2/captures", 405),
    ],
)
def test_what_is_not_an_integrators_is_not_served(
    gateway: PushGateway, job: dict[str, Any], method: str, path: str, status: int
) -> None:
    answer = requests.request(method, gateway.url + path.format(job=job["id"]), timeout=10)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")


def test_who_starts_a_gateway_is_told_where_to_push(gateway: PushGateway) -> None:
    assert any(f"{gateway.url}/api/v2/captures" in line for line in _facts("gateway", gateway.settings))


def test_no_page_of_another_site_may_push(gateway: PushGateway) -> None:
    headers = {"Origin": "http://evil.example"}
    assert gateway.push("evil.tif", b"x", headers=headers).status_code == 403
    assert gateway.get("/api/v2/summary", headers={"Host": "evil.example"}).status_code == 403


def test_the_api_document_is_that_of_this_address(gateway: PushGateway) -> None:
    document = gateway.get("/openapi.json").json()
    assert {path: sorted(methods) for path, methods in document["paths"].items()} == {
        "/api/v2/captures": ["get", "post"],
        "/api/v2/captures/{capture_id}": ["get"],
        "/api/v2/events": ["get"],
        "/api/v2/jobs": ["get"],
        "/api/v2/jobs/tiles": ["get"],
        "/api/v2/jobs/{job_id}": ["get"],
        "/api/v2/jobs/{job_id}/outputs": ["get"],
        "/api/v2/jobs/{job_id}/outputs/{index}": ["get"],
        "/api/v2/jobs/{job_id}/set": ["get"],
        "/api/v2/jobs/{job_id}/timeline": ["get"],
        "/api/v2/jobs/{job_id}/verdict": ["get"],
        "/api/v2/plates": ["get"],
        "/api/v2/plates/finished": ["get"],
        "/api/v2/plates/{plate_id}": ["get"],
        "/api/v2/plates/{plate_id}/images.csv": ["get"],
        "/api/v2/plates/{plate_id}/table.csv": ["get"],
        "/api/v2/summary": ["get"],
    }
    named = {each.split('"')[0] for each in json.dumps(document).split('"#/components/schemas/')[1:]}
    assert named <= document["components"]["schemas"].keys()
    assert gateway.get("/readyz").json()["service"] == "data-organizer-gateway"
