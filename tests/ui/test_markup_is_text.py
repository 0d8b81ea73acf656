"""Markup in names, reasons and words of others appears as text, on every page that there is, in a real browser."""

import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import pytest
import requests
from fastapi import FastAPI
from playwright.sync_api import Browser, Page

import dashboard.app
import job_repository.app
from labrelay.embedded.redis import EmbeddedRedis
from labrelay.http import Client
from labrelay.http.endpoints import entries_of
from labrelay.settings import Settings
from tests.background import served
from tests.ports import take_port
from tests.ui.browsing import open_page

pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]
MARKUP: Final = "<img src=x onerror=owned=1>\"'><svg onload=owned=1>{{7177*7331}}"
WORKED_OUT: Final = str(7177 * 7331)
"""What a template engine makes of the braces; long, so that no port or size holds it by chance."""
PARTS: Final = 'img[src="x"], svg[onload], [onerror]'
MOST: Final = 80
"""Pages that are looked at; of each address with changing parts a few are enough."""
NO_PAGES: Final = r"/(api|static|openapi|docs|redoc|metrics|events)\b"
ASKED: Final = {"Accept": "text/html"}
OF_EACH: Final = 2


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FastAPI, str]]:
    """The dashboard over a real repository whose every name holds markup."""

    home = tmp_path_factory.mktemp("markup")
    ports = {name: take_port() for name in type(Settings().ports).model_fields}
    settings = Settings.model_validate({"data": home, "ports": ports, "redis": {"port": take_port()}})
    server = EmbeddedRedis(home / "redis", settings.redis.port)
    server.start()
    app = dashboard.app.create(settings)
    try:
        with served(job_repository.app.create(settings), settings.ports.job_repository):
            _plant(Client(settings.service_url("job_repository")))
            with served(app, settings.ports.dashboard):
                yield app, settings.service_url("dashboard")
    finally:
        server.stop()


def _plant(repository: Client) -> None:
    """Files, folders, attributes, a task, a failure, a cancelled job and a pause, all called by markup."""
    task = {"description": MARKUP, "selector": {"!=": [{"var": "InputFile.Name"}, ""]}, "pipeline": "nuclei"}
    repository.post("/api/v2/tasks", {**task, "parameters": {"p": MARKUP}, "result_folder": ""})
    jobs = [_announced(repository, number) for number in range(4)]
    failure = {"code": "input_lost", "cause": MARKUP, "next_step": MARKUP, "retryable": True}
    fail = {"step": "fail", "epoch": jobs[0]["epoch"], "failure": failure}
    repository.post(f"/api/v2/jobs/{jobs[0]['jobs'][0]}/transitions", {"step": fail})
    late = {"step": "overdue", "epoch": jobs[1]["epoch"], "reason": MARKUP}
    repository.post(f"/api/v2/jobs/{jobs[1]['jobs'][0]}/transitions", {"step": late})
    repository.put("/api/v2/instruments/reader-1/pause", {"paused": True, "reason": MARKUP, "by": MARKUP[:30]})
    repository.get("/api/v2/summary")


def _announced(repository: Client, number: int) -> dict[str, Any]:
    told = {"instrument": "reader-1", "folder": MARKUP.replace("/", ""), "path": f"{MARKUP}/{number} {MARKUP}.tif"}
    more = {"host": MARKUP, "directory": MARKUP, "size": 3, "sha256": sha256(bytes([number])).hexdigest()}
    names = {"plate": MARKUP, "well": f"B0{number + 1}", "row": "B", "column": number + 1, "channel": MARKUP}
    return dict(repository.post("/api/v2/captures", {**told, **more, "attributes": names}))


def _pages(app: FastAPI) -> list[str]:
    """Addresses of the app that a person may open and that need no more to be told."""
    paths = {entry.path for entry in entries_of(app) if "GET" in (entry.methods or ()) and "{" not in entry.path}
    return sorted(path for path in paths if not re.match(NO_PAGES, path))


def _shape(app: FastAPI, address: str) -> str:
    """The route that an address belongs to."""
    path = urlsplit(address).path
    return next((entry.path for entry in entries_of(app) if entry.methods and entry.pattern.match(path)), path)


def _harmless(page: Page, address: str) -> list[str]:
    """What of the markup came alive on a page."""
    alive = page.locator(PARTS).count()
    ran = page.evaluate("typeof window.owned")
    worked_out = WORKED_OUT in page.locator("body").inner_text()
    told = {"elements": alive, "a script ran": ran != "undefined", "a template was worked out": worked_out}
    return [f"{address}: {what}" for what, found in told.items() if found]


def test_markup_that_came_alive_is_seen(browser: Browser, site: tuple[FastAPI, str]) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.set_content(f"<body><p>{MARKUP}</p>")
        page.wait_for_function("typeof window.owned !== 'undefined'")
        assert _harmless(page, "here") == ["here: elements", "here: a script ran"]
        page.set_content(f"<body><p>{WORKED_OUT}</p>")
        assert "here: a template was worked out" in _harmless(page, "here")


def test_markup_is_text_on_every_page(browser: Browser, site: tuple[FastAPI, str]) -> None:
    app, root = site
    waiting, seen, shapes, found, shown = _pages(app), set[str](), dict[str, int](), list[str](), 0
    assert "/jobs" in waiting
    with open_page(browser, root) as page:
        while waiting and len(seen) < MOST:
            address = waiting.pop(0)
            shape = _shape(app, address)
            if address in seen or shapes.get(shape, 0) >= OF_EACH:
                continue
            seen.add(address)
            with requests.get(root + address, headers=ASKED, stream=True, timeout=60) as answer:
                if "text/html" not in answer.headers.get("content-type", ""):
                    continue
            shapes[shape] = shapes.get(shape, 0) + 1
            page.goto(address, timeout=60_000)
            page.wait_for_timeout(100)
            found += _harmless(page, address)
            shown += "onerror=owned" in page.locator("body").inner_text()
            waiting += [link for link in _links(page, root) if link not in seen]
    assert found == []
    assert shown >= 3, "the planted words are shown nowhere"
    assert any("{" in shape for shape in shapes), "no page of a single thing was reached"


def _links(page: Page, root: str) -> list[str]:
    raw = page.eval_on_selector_all("a[href]", "each => each.map(one => one.getAttribute('href'))")
    whole = [urljoin(page.url, link) for link in raw]
    return [link.removeprefix(root) for link in whole if link.startswith(f"{root}/")]
