"""Every route of every service says who may call it, and the door keeps to it: over HTTP, before a body is read."""

import asyncio
import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
import requests
from starlette.types import Message

from labrelay.access.roles import PERSONS, Role, suffices
from labrelay.http.endpoints import Endpoints, entries_of
from labrelay.supervisor import OEM, SERVICES
from tests.access.gateway import Guarded
from tests.access.table import table

pytestmark = pytest.mark.timeout(300)
SAMPLES = {"topic": "only-file", "act": "pause", "index": "0", "kind": "inputs", "instrument": "reader-1"}
GIVEN = tuple(role for role in Role if role not in (Role.SERVICE, Role.ANYONE))


def sample(path: str) -> str:
    """An address that a route answers."""
    address = re.sub(r"\{(\w+)(:path)?\}", lambda part: SAMPLES.get(part[1], str(uuid4())), path)
    return f"{address}/app.css" if address == "/static" else address


def rows(service: str) -> Iterator[tuple[str, str, frozenset[Role]]]:
    for (method, path), who in table()[service].items():
        yield "GET" if method == "*" else method, path, frozenset(Role(each) for each in who.split())


def refusal(answer: requests.Response) -> str:
    """Why a call was turned away at the door; empty when it was let in."""
    if answer.request.method == "HEAD":
        return {401: "token_refused", 403: "access_denied"}.get(answer.status_code, "")
    if "problem+json" not in answer.headers.get("content-type", ""):
        return ""
    code = str(answer.json()["code"])
    return code if code in ("token_refused", "access_denied") else ""


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_is_in_the_table_and_says_the_same(gateway: Guarded, service: str) -> None:
    said = {
        (method, entry.path): " ".join(sorted(entry.roles))
        for entry in entries_of(gateway.apps[service])
        for method in (entry.methods or {"*"})
    }
    assert said == table()[service]


@pytest.mark.parametrize("service", SERVICES)
def test_the_door_finds_the_route_that_answers(gateway: Guarded, service: str) -> None:
    endpoints = Endpoints(gateway.apps[service])
    for method, path, who in rows(service):
        assert endpoints.roles({"type": "http", "method": method, "path": sample(path)}) == who, path
        for other in {"OPTIONS", "TRACE", "PATCH"}:
            assert path == "/static" or endpoints.roles({"type": "http", "method": other, "path": sample(path)}) is None


@pytest.mark.parametrize("service", SERVICES)
def test_nobody_passes_without_a_token(gateway: Guarded, service: str) -> None:
    port = SERVICES[service][1]
    for method, path, who in rows(service):
        expected = "" if Role.ANYONE in who else "token_refused"
        answer = gateway.call(port, method, sample(path))
        assert refusal(answer) == expected, (method, path)
        if expected:
            assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="labrelay"')
        for other in ("OPTIONS", "PATCH"):
            assert path == "/static" or gateway.call(port, other, sample(path)).status_code in (401, 405)
    assert gateway.call(port, "GET", "/no/such/route").status_code in (401, 404)


@pytest.mark.parametrize("service", [name for name in SERVICES if name not in OEM])
def test_a_role_passes_where_the_table_says_and_nowhere_else(gateway: Guarded, service: str) -> None:
    port = SERVICES[service][1]
    for method, path, who in rows(service):
        for role in GIVEN if Role.ANYONE not in who else ():
            if suffices(role, who) and role not in who:
                continue  # a higher role: `test_persons_are_ordered`
            answer = gateway.call(port, method, sample(path), gateway.tokens[role])
            expected = "" if suffices(role, who) else "access_denied"
            assert refusal(answer) == expected, (method, path, role)
            assert not expected or answer.status_code == 403


@pytest.mark.parametrize("service", OEM)
def test_the_instruments_side_knows_its_own_key_and_no_token(gateway: Guarded, service: str) -> None:
    port = SERVICES[service][1]
    for method, path, who in rows(service):
        if Role.ANYONE in who:
            continue
        for token in (gateway.tokens[Role.ADMIN].text, gateway.own("job_repository")._key.read()):  # type: ignore[union-attr]
            assert refusal(gateway.call(port, method, sample(path), token)) == "token_refused", (method, path)


def test_the_key_of_a_side_opens_all_of_its_services(gateway: Guarded) -> None:
    for port in ("job_repository", "dashboard", "registry", "file_watcher", "file_sender_oem"):
        assert gateway.own(port).request("GET", "/metrics").status_code == 200


def test_nothing_is_read_of_who_is_turned_away(gateway: Guarded) -> None:
    answers: list[Message] = []

    async def receive() -> Message:
        raise AssertionError("the body was asked for")

    async def send(message: Message) -> None:
        answers.append(message)

    headers = [(b"host", b"127.0.0.1"), (b"content-length", b"1000")]
    scope = {"type": "http", "method": "POST", "path": "/api/v2/tasks", "headers": headers, "client": ("127.0.0.1", 1)}
    asyncio.run(gateway.apps["job-repository"](scope, receive, send))
    assert answers[0]["status"] == 401


def test_persons_are_ordered() -> None:
    assert [sum(suffices(role, {each}) for each in PERSONS) for role in PERSONS] == [1, 2, 3]
    assert not suffices(Role.INSTRUMENT, {Role.VIEWER, Role.PIPELINE})
