"""One lab and one browser for all tests of pages in a process."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.ui.browsing import chromium, open_page
from tests.ui.lab import Lab, running_lab


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with running_lab(tmp_path_factory.mktemp("lab"), 12, "--plant") as lab:
        yield lab


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For one file only: while it is open an event loop runs in this thread, which other tests need for themselves."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, lab: Lab) -> Iterator[Page]:
    with open_page(browser, lab.address) as page:
        yield page
