"""A person at a browser has one address to know, a name, and a role: all else is the services' business."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.navigation import PLACES
from labrelay.access.roles import Role
from tests.access.gateway import Guarded
from tests.access.test_instruments import push
from tests.polling import until
from tests.ui.browsing import chromium, open_page

TOKENLESS = """() => [...document.querySelectorAll("code")].map((each) => each.textContent)
  .filter((text) => text.startsWith("curl ") && !text.includes("Authorization"))"""
pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def log_in(page: Page, gateway: Guarded, role: Role) -> None:
    page.goto("/instruments")
    expect(page).to_have_url(gateway.settings.service_url("dashboard") + "/login?after=%2Finstruments")
    page.locator("input[name=token]").fill(gateway.tokens[role].text)
    page.locator("input[name=token]").press("Enter")
    expect(page.locator("nav [aria-current=page]")).to_have_text("Instruments")


def test_aicsd_19_the_browser_talks_to_one_address_under_a_persons_name(gateway: Guarded, chrome: Browser) -> None:
    """AiCSD's page calls five ports, and none asks who calls."""
    assert push(gateway, gateway.tokens[Role.INSTRUMENT], "reader-1", "nineteen.tif").status_code == 201
    repository = gateway.own("job_repository")
    repository.put("/api/v2/instruments/reader-1/pause", {"paused": False, "reason": "", "by": "test"})
    until(lambda: "reader-1" in str(repository.get("/api/v2/summary")["instruments"]), "the instrument")
    asked: set[str] = set()
    with open_page(chrome, gateway.settings.service_url("dashboard")) as page:
        page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
        log_in(page, gateway, Role.OPERATOR)
        for place in PLACES:
            page.goto(place.path)
            expect(page.locator("#badge-text")).to_have_text("Live")
            assert page.evaluate(TOKENLESS) == [], place.path
        page.goto("/instruments")
        page.get_by_text("Pause reader-1 …").click()
        page.get_by_role("button", name="Pause now").click()
        page.get_by_role("button", name="Resume reader-1").click()
        expect(page.get_by_text("Pause reader-1 …")).to_be_visible()
    assert asked == {f"127.0.0.1:{gateway.settings.ports.dashboard}"}
    acts = repository.get("/api/v2/audit", params={"actor": "Otto"})["items"]
    assert "reader-1" in {act["subject"] for act in acts}
