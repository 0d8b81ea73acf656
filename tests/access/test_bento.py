"""The Bento's own pages and calls stand behind the same door."""

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from labrelay.access.roles import Role
from labrelay.settings import ENV_FILE
from tests.access.gateway import Guarded

pytestmark = pytest.mark.timeout(300)
guarded = pytest.importorskip("pipelines.counting.bento", reason="BentoML is an optional extra").guarded


async def reached(_: Request) -> Response:
    return PlainTextResponse("reached")


@pytest.fixture
def bento(gateway: Guarded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """The guards around an app that answers everything."""
    config = tmp_path / "settings.json"
    config.write_text(gateway.settings.model_dump_json())
    monkeypatch.setenv(ENV_FILE, str(config))
    app = Starlette(routes=[Route("/{path:path}", reached, methods=["GET", "POST"])])
    return TestClient(guarded(app))


@pytest.mark.parametrize(
    ("method", "path", "role"),
    [
        ("GET", "/readyz", Role.ANYONE),
        ("GET", "/livez", Role.ANYONE),
        ("GET", "/metrics", Role.VIEWER),
        ("GET", "/", Role.VIEWER),
        ("GET", "/schema.json", Role.VIEWER),
        ("POST", "/segment", Role.OPERATOR),
        ("POST", "/mask", Role.OPERATOR),
        ("POST", "/anything/else", Role.SERVICE),
    ],
)
def test_who_may_call_a_bento(gateway: Guarded, bento: TestClient, method: str, path: str, role: Role) -> None:
    assert bento.request(method, path).status_code == (200 if role is Role.ANYONE else 401)
    ladder = {Role.ANYONE: 0, Role.VIEWER: 0, Role.OPERATOR: 1, Role.SERVICE: 3}[role]
    for rank, each in enumerate((Role.VIEWER, Role.OPERATOR, Role.ADMIN)):
        headers = {"Authorization": f"Bearer {gateway.tokens[each].text}"}
        assert bento.request(method, path, headers=headers).status_code == (200 if rank >= ladder else 403)
    for each in (Role.INSTRUMENT, Role.PIPELINE):
        headers = {"Authorization": f"Bearer {gateway.tokens[each].text}"}
        assert bento.request(method, path, headers=headers).status_code == (200 if role is Role.ANYONE else 403)


def test_aicsd_calls_without_a_token_come_from_this_machine_or_where_it_is_said(gateway: Guarded) -> None:
    access = gateway.apps["task-launcher"].state.access
    try:
        assert gateway.call("task_launcher", "GET", "/api/v1/task").status_code == 401  # `tokens = "always"`
        access.trusts_here = True  # as with `auto` on an address that other machines reach
        assert gateway.call("task_launcher", "GET", "/api/v1/task").status_code in (200, 204)
        assert gateway.call("task_launcher", "GET", "/api/v2/tasks").status_code == 401
        assert not access.is_here({"client": ("192.168.1.4", 5)})
        access.trusts_here, access.v1_open = False, True
        assert gateway.call("task_launcher", "GET", "/api/v1/task").status_code in (200, 204)
    finally:
        access.trusts_here, access.v1_open = False, False
