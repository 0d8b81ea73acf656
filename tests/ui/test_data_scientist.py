"""The data scientist's first five minutes, as far as pages go: a model goes in, results and a training set come out."""

import csv
import io
import json
import shlex
import shutil
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from labrelay.settings import Settings
from pipelines.training.data import read_folder
from tests.labrelay.cli.command_line import labrelay
from tests.ui.lab import Lab

pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]
SHIPPED: Final = Path(__file__).parents[2] / "pipelines" / "nuclei" / "model"
NAME: Final = "nuclei-of-ours"
SOON_MS: Final = 120_000
"""On a busy machine."""


def test_the_first_five_minutes(page: Page, lab: Lab, tmp_path: Path) -> None:
    package = Path(shutil.make_archive(str(tmp_path / NAME), "zip", SHIPPED))
    add_the_model(page, package)
    read_its_card(page, lab)
    counts = read_the_counts(page)
    job = accept_an_image(page, lab)
    try:
        assert export_what_was_accepted(page, lab, tmp_path / "train")[job].objects == counts[job]
    finally:
        page.request.post(f"{lab.address}/review/{job}/verdict", form={"verdict": ""})


def add_the_model(page: Page, package: Path) -> None:
    """The gateway tries the network before it takes it."""
    page.goto("/models")
    page.get_by_label("Name", exact=True).fill(NAME)
    page.get_by_label("Zip with model.toml").set_input_files(package)
    page.get_by_role("button", name="Upload and check").click()
    expect(page.locator(".said")).to_contain_text("Taken.", timeout=SOON_MS)


def read_its_card(page: Page, lab: Lab) -> None:
    """It is told apart from the shipped one by its name, has the same network, and passes each check."""
    page.goto("/models")
    page.get_by_role("link", name=f"{NAME} ").click()
    expect(page.locator(".modelcard")).to_contain_text("AP")
    lines = page.locator("section", has=page.get_by_role("heading", name="Count with it")).locator("pre").inner_text()
    (named,) = Settings.model_validate({"pipelines": tomllib.loads(lines)["pipelines"]}).pipelines.models.items()
    assert named[0] == NAME
    assert (named[1].folder / "model.toml").is_file()
    page.get_by_role("button", name="Check it now").click()
    found = page.get_by_role("status", name="What the check found")
    expect(found.locator("li")).not_to_have_count(0, timeout=SOON_MS)
    expect(found.locator(".look-failed")).to_have_count(0)
    digests = {each["key"]: each["digest"] for each in lab.get("/models.json").json()["items"]}
    assert digests[NAME] == digests["nuclei"]


def read_the_counts(page: Page) -> dict[str, int]:
    """All counted images as a table for a notebook, by job."""
    page.goto("/jobs?stage=complete&kind=image")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    rows = csv.DictReader(io.StringIO(download.value.path().read_text(encoding="utf-8-sig")))
    counts = {row["job"]: int(float(row["count"])) for row in rows}
    assert counts
    assert any(counts.values())
    return counts


def accept_an_image(page: Page, lab: Lab) -> str:
    """The first of the queue in which something was found, from the keyboard."""
    page.goto("/review")
    while not lab.get(f"/images/{(job := shown(page))}.json").json()["found"]:
        page.keyboard.press("j")
        expect(page.locator(".reviewroom")).not_to_have_attribute("data-job", job)
    page.keyboard.press("a")
    expect(page.locator("#review-saved")).to_contain_text("Accepted by dashboard")
    return job


def shown(page: Page) -> str:
    return page.locator(".reviewroom").get_attribute("data-job") or ""


def export_what_was_accepted(page: Page, lab: Lab, folder: Path) -> dict[str, Any]:
    """With the command that the page offers; the training reads what it wrote, here by job."""
    page.locator(".shell summary").click()
    offered = next(each for each in page.locator(".shell code").all_text_contents() if "export" in each)
    words = shlex.split(offered.replace("FOLDER", shlex.quote(str(folder))))
    config = next(lab.root.glob("**/run/settings.json"))
    assert labrelay(*words[1:], "--config", str(config)).status == 0
    told = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["images"]
    assert {each["by"] for each in told} == {"dashboard"}
    assert {len(each["model"]["sha256"]) for each in told} == {64}
    read = {each.stem: each for each in read_folder(folder)}
    return {each["job"]: read[Path(each["image"]).stem] for each in told}
