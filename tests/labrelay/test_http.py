import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from labrelay.edge import Edge
from labrelay.errors import Conflict, LabrelayError, RequestRefused, ServiceUnavailable
from labrelay.http import Client, content_digest, create_app, parse_content_digest
from labrelay.http.roles import Role, allow
from labrelay.words import _, speaking
from tests.faults.relay import Relay
from tests.ports import take_port


@contextmanager
def serving(app: FastAPI, port: int) -> Iterator[Client]:
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield Client(f"http://127.0.0.1:{port}")
    server.should_exit = True
    thread.join()


@pytest.fixture
def app() -> FastAPI:
    app = create_app("sample")

    @app.get("/conflict")
    def conflict() -> None:
        raise Conflict("It moved on.", owner="x")

    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError("boom")

    @app.post("/number")
    def number(value: int) -> dict[str, int]:
        return {"value": value}

    return app


def test_errors_travel_as_problem_documents(app: FastAPI, free_port: int) -> None:
    with serving(app, free_port) as client, pytest.raises(Conflict, match="It moved on") as caught:
        client.get("/conflict")
    assert caught.value.extra == {"owner": "x"}


def test_a_problem_documents_next_step_is_in_the_readers_language(app: FastAPI, free_port: int) -> None:
    with serving(app, free_port), httpx.Client(base_url=f"http://127.0.0.1:{free_port}") as reader:
        plain, german, chinese = (
            reader.get("/conflict", headers={"Accept-Language": language} if language else {})
            for language in ("", "de", "zh-CN,zh;q=0.9,en;q=0.8")
        )
    assert plain.json() == german.json()
    assert plain.json()["next_step"] == Conflict.default_next_step
    with speaking("zh-Hans"):
        said = _(Conflict.default_next_step)
    assert said != Conflict.default_next_step
    assert chinese.json() == {**plain.json(), "next_step": said}


def test_a_bug_is_a_problem_document_too(app: FastAPI) -> None:
    answer = TestClient(app, raise_server_exceptions=False).get("/broken")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "internal_error"


def test_a_malformed_request_says_where(app: FastAPI) -> None:
    answer = TestClient(app).post("/number?value=many")
    assert answer.status_code == 422
    assert "value" in answer.json()["cause"]


def test_every_service_answers_health_metrics_and_aicsds_ping(app: FastAPI) -> None:
    client = TestClient(app)
    assert client.get("/healthz").json()["status"] == "alive"
    assert client.get("/readyz").status_code == 200
    assert "python_info" in client.get("/metrics").text
    assert client.get("/api/v2/ping").json()["serviceName"] == "sample"


def test_a_service_says_what_it_waits_for() -> None:
    answer = TestClient(create_app("sample", ready=lambda: "the live store")).get("/readyz")
    assert (answer.status_code, answer.json()["reason"]) == (503, "the live store")


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}])
def test_no_web_page_may_drive_a_loopback_service(app: FastAPI, headers: dict[str, str]) -> None:
    assert TestClient(app).get("/healthz", headers=headers).status_code == 403


def test_nobody_there_is_a_retryable_error(free_port: int) -> None:
    with pytest.raises(ServiceUnavailable) as caught:
        Client(f"http://127.0.0.1:{free_port}", retries=0).get("/healthz")
    assert caught.value.retryable


def test_the_client_repeats_what_may_pass(free_port: int) -> None:
    app, calls = create_app("sample"), []

    @app.get("/shy")
    def shy(request: Request) -> dict[str, int]:
        calls.append(request.url.path)
        if len(calls) < 3:
            raise ServiceUnavailable("Not yet.")
        return {"calls": len(calls)}

    with serving(app, free_port) as client:
        assert client.get("/shy") == {"calls": 3}


def test_one_silence_is_enough_to_leave_all_connections_that_may_be_dead(app: FastAPI, free_port: int) -> None:
    port = take_port()
    relay = Relay(port, free_port)
    clients = [Client(f"http://127.0.0.1:{port}", read_s=0.5, retries=0) for _ in range(3)]
    with serving(app, free_port):
        for client in clients:
            client.get("/healthz")
        assert relay.lose_all() == 3
        with pytest.raises(ServiceUnavailable):
            clients[0].get("/healthz")
        for client in clients:
            client.get("/healthz", read_s=10)
        assert len([link for link in relay.links if not link.gone]) == 3
        relay.close()


def test_the_client_does_not_repeat_a_refusal(free_port: int) -> None:
    app, calls = create_app("sample"), []

    @app.get("/no")
    def no() -> None:
        calls.append(1)
        raise RequestRefused("No.")

    with serving(app, free_port) as client, pytest.raises(LabrelayError):
        client.get("/no")
    assert calls == [1]


def test_the_edge_shows_its_nouns_and_nothing_else(app: FastAPI) -> None:
    @app.get("/edge/v2/inputs/list")
    def inputs() -> list[str]:
        return ["a"]

    client = TestClient(Edge({"inputs": app}))
    assert client.get("/edge/v2/inputs/list").json() == ["a"]
    for path in ("/healthz", "/edge/v2/returns", "/edge/v2/inputs/../../healthz", "/edge/v2/"):
        assert client.get(path).status_code == 404


def test_content_digests_are_read_as_they_are_written() -> None:
    assert parse_content_digest(content_digest("ab" * 32)) == "ab" * 32
    for bad in ("", "md5=:AAAA:", "sha-256=:AAAA:", "sha-256=:?:"):
        with pytest.raises(RequestRefused):
            parse_content_digest(bad)


def test_a_description_says_who_may_call_and_how_errors_look() -> None:
    app = create_app("sample")

    @app.get("/things/{name:path}", responses={409: {"description": "Taken"}})
    @allow(Role.OPERATOR, Role.INSTRUMENT)
    def thing(name: str, limit: int = 1) -> None:
        pass

    @app.get("/inside")
    def inside() -> None:
        pass

    document = app.openapi()
    told = document["paths"]["/things/{name}"]["get"]
    assert told["x-roles"] == ["operator", "instrument"]
    assert document["paths"]["/inside"]["get"]["x-roles"] == ["service"]
    assert document["paths"]["/healthz"]["get"]["x-roles"] == ["anyone"]
    answers = {status: list(each.get("content", {})) for status, each in told["responses"].items()}
    problem = ["application/problem+json"]
    assert answers == {"200": ["application/json"], "409": problem, "422": problem, "default": problem}
    with TestClient(app) as client:
        refused = client.get("/things/x?limit=many").json()
    assert document["components"]["schemas"]["Problem"]["required"] == list(refused)
