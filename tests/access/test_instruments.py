"""An instrument sees and changes only what is its own, a pipeline takes only launches of its topic."""

from collections.abc import Callable
from typing import Any, Final
from uuid import uuid4

import pytest
import requests

from labrelay.access.roles import Role
from labrelay.contracts.access import NewToken
from tests.access.gateway import Guarded
from tests.polling import until

pytestmark = pytest.mark.timeout(300)
EMPTY: Final = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"
OTHER: Final = "reader-2"


@pytest.fixture(scope="module")
def theirs(gateway: Guarded) -> dict[str, Any]:
    """A capture of another instrument and its job."""
    gateway.add_task("nuclei", "theirs")
    pushed = push(gateway, gateway.token(Role.INSTRUMENT, OTHER), OTHER, "theirs.tif")
    assert pushed.status_code == 201, pushed.text
    return dict(pushed.json())


def push(gateway: Guarded, token: NewToken, instrument: str, path: str) -> requests.Response:
    address = f"/api/v2/captures?instrument={instrument}&path={path}"
    return gateway.call("data_organizer_gateway", "POST", address, token, data=path.encode())


def announcement(instrument: str) -> dict[str, Any]:
    told = {"instrument": instrument, "folder": "input", "path": "own.tif", "size": 3, "sha256": "a" * 64}
    return {**told, "host": "pc", "directory": "input/"}


def calls(capture: str, job: str) -> dict[str, tuple[str, str, str, dict[str, Any]]]:
    """What an instrument could try on another's things: service, method, address, and the rest."""
    fence = {"epoch": 1, "attempt": 1}
    receipt = {"job_id": job, **fence, "outputs": []}
    named = {"X-Instrument": OTHER, "Content-Digest": EMPTY}
    trouble = {"code": "input_missing", "cause": "gone"}
    return {
        "announce": ("edge", "POST", "/edge/v2/captures", {"json": announcement(OTHER)}),
        "announce at the repository": ("job_repository", "POST", "/api/v2/captures", {"json": announcement(OTHER)}),
        "ended": ("edge", "GET", f"/edge/v2/captures/ended?instrument={OTHER}", {}),
        "ended twice": ("edge", "GET", f"/edge/v2/captures/ended?instrument=reader-1&instrument={OTHER}", {}),
        "paused": ("edge", "POST", "/edge/v2/captures/paused", {"json": {"instrument": OTHER, "pause": None}}),
        "wanted": ("edge", "GET", f"/edge/v2/inputs?instrument={OTHER}", {}),
        "input trouble": ("edge", "POST", f"/edge/v2/inputs/{capture}/trouble", {"json": trouble}),
        "held": ("edge", "HEAD", f"/edge/v2/inputs/{capture}", {}),
        "upload": ("edge", "PUT", f"/edge/v2/inputs/{capture}", {"headers": named, "data": b""}),
        "upload as oneself": (
            "edge",
            "PUT",
            f"/edge/v2/inputs/{capture}",
            {"headers": {**named, "X-Instrument": "reader-1"}, "data": b""},
        ),
        "returns": ("edge", "GET", f"/edge/v2/returns?instrument={OTHER}", {}),
        "accept": ("edge", "POST", f"/edge/v2/returns/{job}/accept", {"json": fence}),
        "return trouble": ("edge", "POST", f"/edge/v2/returns/{job}/trouble", {"json": {**fence, "cause": "x"}}),
        "output": ("edge", "GET", f"/edge/v2/returns/{job}/outputs/0", {}),
        "receipt": ("edge", "POST", "/edge/v2/receipts", {"json": receipt}),
        "capture": ("data_organizer_gateway", "GET", f"/api/v2/captures/{capture}", {}),
        "job": ("data_organizer_gateway", "GET", f"/api/v2/jobs/{job}", {}),
        "set": ("data_organizer_gateway", "GET", f"/api/v2/jobs/{job}/set", {}),
        "timeline": ("data_organizer_gateway", "GET", f"/api/v2/jobs/{job}/timeline", {}),
        "outputs": ("data_organizer_gateway", "GET", f"/api/v2/jobs/{job}/outputs", {}),
        "push": ("data_organizer_gateway", "POST", f"/api/v2/captures?instrument={OTHER}&path=a.tif", {"data": b"a"}),
    }


@pytest.mark.parametrize("name", calls("", ""))
def test_what_belongs_to_another_instrument_is_out_of_reach(
    gateway: Guarded, theirs: dict[str, Any], name: str
) -> None:
    port, method, address, rest = calls(theirs["capture_id"], theirs["jobs"][0]["id"])[name]
    answer = gateway.call(port, method, address, gateway.tokens[Role.INSTRUMENT], **rest)
    assert answer.status_code == 403, answer.text


def test_a_list_holds_only_its_own(gateway: Guarded, theirs: dict[str, Any]) -> None:
    mine = push(gateway, gateway.tokens[Role.INSTRUMENT], "reader-1", "mine.tif").json()
    page = gateway.call("job_repository", "GET", "/api/v2/jobs", gateway.tokens[Role.INSTRUMENT]).json()
    assert mine["jobs"][0]["id"] in [job["id"] for job in page["items"]]
    assert {job["source"]["instrument"] for job in page["items"]} == {"reader-1"}
    every = gateway.call("job_repository", "GET", "/api/v2/jobs", gateway.tokens[Role.VIEWER]).json()
    assert {job["source"]["instrument"] for job in every["items"]} >= {"reader-1", OTHER}


def test_its_own_things_are_within_reach(gateway: Guarded) -> None:
    token = gateway.tokens[Role.INSTRUMENT]
    answer = gateway.call("edge", "POST", "/edge/v2/captures", token, json=announcement("reader-1"))
    assert answer.status_code == 201, answer.text
    capture = answer.json()["capture_id"]
    assert gateway.call("edge", "HEAD", f"/edge/v2/inputs/{capture}", token).status_code == 204
    for address in ("captures/ended", "inputs", "returns"):
        assert gateway.call("edge", "GET", f"/edge/v2/{address}?instrument=reader-1", token).status_code == 200
    assert gateway.call("job_repository", "GET", f"/api/v2/captures/{capture}", token).status_code == 200


@pytest.mark.parametrize("path", ["own.tif", "theirs.tif"])
def test_nobody_announces_under_the_name_of_anothers_capture(
    gateway: Guarded, theirs: dict[str, Any], path: str
) -> None:
    told = {**announcement("reader-1"), "path": path, "capture_id": theirs["capture_id"], "sha256": "b" * 64}
    answer = gateway.call("edge", "POST", "/edge/v2/captures", gateway.tokens[Role.INSTRUMENT], json=told)
    assert (answer.status_code, answer.json()["code"]) == (403, "capture_of_another")
    held = gateway.call(
        "job_repository", "GET", f"/api/v2/captures/{theirs['capture_id']}", gateway.tokens[Role.VIEWER]
    )
    assert (held.json()["instrument"], held.json()["generation"]) == (OTHER, 1)


def test_an_operator_pushes_for_any_instrument(gateway: Guarded) -> None:
    assert push(gateway, gateway.tokens[Role.OPERATOR], "reader-9", "x.tif").status_code == 201


@pytest.mark.parametrize(
    ("port", "address", "body"),
    [
        ("registry", "/api/v2/pipelines/cells/heartbeat", lambda _: {"worker": "w"}),
        ("task_launcher", "/api/v2/claims", lambda job: {"job_id": job, "epoch": 1, "worker": "w"}),
    ],
)
def test_a_pipeline_takes_only_what_is_of_its_topic(
    gateway: Guarded, theirs: dict[str, Any], port: str, address: str, body: Callable[[str], dict[str, Any]]
) -> None:
    told = body(theirs["jobs"][0]["id"])
    answer = gateway.call(port, "POST", address, gateway.tokens[Role.PIPELINE], json=told)
    assert (answer.status_code, answer.json()["code"]) == (403, "access_denied")
    own = gateway.token(Role.PIPELINE, "nuclei")

    def ours() -> int:
        return gateway.call(port, "POST", address.replace("cells", "nuclei"), own, json=told).status_code

    until(lambda: ours() in (200, 409), "a new token holds", 5)  # 409: not launched yet


def test_an_unknown_job_tells_a_pipeline_nothing_more(gateway: Guarded) -> None:
    told = {"job_id": str(uuid4()), "epoch": 1, "worker": "w"}
    answer = gateway.call("task_launcher", "POST", "/api/v2/claims", gateway.tokens[Role.PIPELINE], json=told)
    assert answer.status_code == 404
