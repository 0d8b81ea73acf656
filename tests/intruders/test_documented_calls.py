"""schemathesis calls every documented route with whatever its description allows, and with what it doesn't.

Few calls of each by default; `make schemathesis` makes many (`LABRELAY_SCHEMATHESIS` says how many of each).
"""

import os
import random
import warnings
from typing import Any, Final
from urllib.parse import quote

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, seed, settings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis

from labrelay.http.client import Client
from labrelay.supervisor import GATEWAY
from tests.intruders.conftest import Guarded

CALLS: Final = int(os.environ.get("LABRELAY_SCHEMATHESIS", "2"))
ENDLESS: Final = {"/api/v2/events", "/events"}
V1_ALLOWED: Final = {
    ("GET", "/api/v1/job/owner/{owner}"),
    ("GET", "/api/v1/job/{job_id}"),
    ("DELETE", "/api/v1/job/{job_id}"),
    ("PUT", "/api/v1/job/pipeline/{job_id}/{task_id}"),
    ("POST", "/api/v1/task"),
    ("GET", "/api/v1/task/{task_id}"),
    ("POST", "/api/v1/retry"),
    ("GET", "/api/v1/transmitFile/{jobid}/{fileid}"),
    ("POST", "/api/v1/reject/{jobid}"),
    ("DELETE", "/api/v1/reject/{jobid}"),
}
"""Where AiCSD's wire format answers 500 to what a caller did wrong, and where labrelay says 501: it rejects nothing."""
UNAVAILABLE: Final = {502, 503, 504}


@pytest.mark.process
@pytest.mark.timeout(max(300, CALLS * 60))
@pytest.mark.parametrize("service", sorted(GATEWAY))
def test_no_call_breaks_a_service(guarded: Guarded, service: str) -> None:
    url = guarded.session.settings.service_url(GATEWAY[service][1])
    document: dict[str, Any] = requests.get(f"{url}/openapi.json", timeout=10).json()
    broken: list[str] = []
    for found in schemathesis.openapi.from_dict(document).get_all_operations():
        operation = found.ok()  # type: ignore[union-attr]
        if operation.path not in ENDLESS:
            _attack(operation, url, broken)
    assert not broken, "\n".join(broken)
    assert Client(url).get("/healthz")["status"] == "alive"


def _attack(operation: Any, url: str, broken: list[str]) -> None:
    @seed(1)
    @settings(
        max_examples=CALLS,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def call(case: Any) -> None:
        if case.query:
            case.query.pop("wait", None)
        answer = _answer(case, url)
        if answer is not None and _is_broken(answer, operation.method, operation.path):
            broken.append(
                f"{case.method} {operation.path}: {answer.status_code} {answer.text[:200]} for {case.body!r:.300}"
            )

    call()


def _answer(case: Any, url: str) -> requests.Response | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return requests.request(**case.as_transport_kwargs(base_url=url), timeout=20)
    except (requests.exceptions.InvalidHeader, requests.exceptions.InvalidURL, UnicodeError):
        return None  # what no client can send


def _is_broken(answer: requests.Response, method: str, path: str) -> bool:
    if answer.status_code < 500 or (method.upper(), path) in V1_ALLOWED:
        return False
    told = answer.headers.get("content-type", "").startswith("application/problem+json")
    return not (answer.status_code in UNAVAILABLE and told)


WILD: Final = (
    "\ud800",
    "\x00",
    "a\r\nX: 1",
    "../" * 50,
    "𝕏" * 500,
    "9" * 5_000,
    "\u202egnp",
    "-1",
    "1e400",
    "null",
    "NaN",
)


@pytest.mark.process
def test_wild_values_in_every_place_of_a_path_and_query_break_nothing(guarded: Guarded) -> None:
    """Places that a description calls a text take any text; none may break a service."""
    chance, broken = random.Random(7), []
    for service, (_, port) in GATEWAY.items():
        url = guarded.session.settings.service_url(port)
        paths = requests.get(f"{url}/openapi.json", timeout=10).json()["paths"]
        for path, calls in paths.items():
            for method, told in calls.items() if path not in ENDLESS else ():
                wild = chance.choice(WILD)
                answer = _wildly(url, method, path, told.get("parameters", []), wild)
                if _is_broken(answer, method, path):
                    broken.append(f"{service} {method} {path} {wild!r:.20}: {answer.status_code} {answer.text[:200]}")
    assert not broken, "\n".join(broken)


def _wildly(url: str, method: str, path: str, places: list[dict[str, Any]], wild: str) -> requests.Response:
    raw = wild.encode("utf-8", "surrogatepass")
    for place in places:
        path = path.replace(f"{{{place['name']}}}", quote(raw, safe=""))
    query = {place["name"]: raw for place in places if place["in"] == "query" and place["name"] != "wait"}
    return requests.request(method, url + path, params=query, data=b"\xff{", timeout=20)


@pytest.mark.process
@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("path", "../../etc/passwd"), ("path", "/etc/passwd"), ("path", "a\x00b"), ("path", ""), ("path", "a/../../b"),
        ("folder", "../x"), ("folder", "a\\b"), ("instrument", "../x"), ("instrument", "a\n"), ("instrument", "a:b"),
        ("size", -1), ("size", 2**70), ("modified_ns", 2**200), ("attributes", {f"a{n}": 1 for n in range(300)}),
        ("attributes", {"a": {}}), ("attributes", {"a": {"b": 1}}), ("host", "x" * 10_000), ("path", "\ud800"),
    ],
)  # fmt: skip
def test_an_instrument_that_announces_nonsense_is_refused(guarded: Guarded, member: str, value: object) -> None:
    url = guarded.session.settings.service_url("edge")
    body = {"instrument": "reader", "folder": "input", "path": "a.tif", "size": 1, "sha256": "a" * 64, member: value}
    answer = requests.post(f"{url}/edge/v2/captures", json=body, timeout=10)
    assert 400 <= answer.status_code < 500, answer.text
    assert len(answer.content) < 6_000
