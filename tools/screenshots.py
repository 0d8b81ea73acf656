"""`python tools/screenshots.py ADDRESS`: pictures of every page for docs/pages, taken of a demo that runs.

Start one with `labrelay demo --keep --plant`; ADDRESS is what it prints.
"""

import sys
from pathlib import Path
from typing import Any, Final

import requests
from playwright.sync_api import sync_playwright

FOLDER: Final = Path(__file__).parents[1] / "docs" / "pages"
CHROMIUM: Final = "/usr/bin/chromium"
SETTLE_MS: Final = 1500


def pages(address: str) -> dict[str, str]:
    """The pages by the names of their pictures: those of the navigation, and one plate, job and image."""
    plate = _json(address, "/plates.json")["plates"][0]["url"]
    done = _json(address, "/jobs.json?stage=complete&pipeline=nuclei")
    job = (done.get("jobs") or done["items"])[0]["id"]
    named = ("plates", "jobs", "inbox", "review", "instruments", "tasks", "models", "system")
    return {"now": "/", **{name: f"/{name}" for name in named}} | {
        "plate": f"{plate}?layer=count",
        "job": f"/jobs/{job}",
        "image": f"/images/{job}",
        "task": "/tasks/new",
        "audit": "/system/audit",
        "api": "/api?q=captures",
    }


def main() -> None:
    """Take them."""
    address = sys.argv[1].rstrip("/")
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(base_url=address, viewport={"width": 1440, "height": 900}, color_scheme="light")
        for name, path in pages(address).items():
            page.goto(path)
            page.wait_for_timeout(SETTLE_MS)
            page.screenshot(path=FOLDER / f"{name}.jpg", type="jpeg", quality=75)
        browser.close()


def _json(address: str, path: str) -> dict[str, Any]:
    answer = requests.get(address + path, timeout=30)
    answer.raise_for_status()
    told: dict[str, Any] = answer.json()
    return told


if __name__ == "__main__":
    main()
