"""Plates in a real browser on a real lab: map, keyboard, selection, table, files, comparison, live colours."""

import csv
import io
import re
import time

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.ui.browsing import NARROW, barriers, open_page
from tests.ui.lab import Lab

pytestmark = pytest.mark.process
MAP = ".platemap"


@pytest.fixture(scope="module")
def plate(lab: Lab) -> str:
    """The address of the lab's own plate."""
    found = lab.get("/plates.json", params={"name": "SYNTHETIC"}).json()["plates"]
    return str(found[-1]["url"])


def chosen(page: Page) -> list[str]:
    cells = page.locator('[aria-selected="true"] a').evaluate_all("all => all.map((each) => each.pathname)")
    return [each.rpartition("/")[2] for each in cells]


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.pathname ?? ''")).rpartition("/")[2]


def test_aicsd_05_plate_well_and_instrument_are_handles(page: Page, plate: str) -> None:
    """AiCSD's UI knew no plate, well or instrument; the file's name was the only handle."""
    page.goto("/plates")
    page.locator(f'a[href="{plate}"]').click()
    expect(page.locator("h1")).to_contain_text("SYNTHETIC")
    expect(page.locator(".place")).to_contain_text("simulated-reader")
    page.locator(f"{MAP} a.well").first.click()
    expect(page).to_have_url(re.compile(r"/jobs/[0-9a-f-]{36}$"))


def test_maps_and_tables_keep_nobody_out(page: Page, plate: str) -> None:
    paths = [f"{plate}?layer=count&sel=A01:B02", f"/plates/compare?{plate.replace('/plates/', 'plate=')}&layer=status"]
    paths += [f"{plate}?show=table", "/plates/unplated"]
    found = {path: told for path in paths if page.goto(path) and (told := barriers(page))}
    assert found == {}


def test_wells_are_large_enough_to_be_hit(browser: Browser, lab: Lab, plate: str) -> None:
    with open_page(browser, lab.address, viewport=NARROW) as page:
        page.goto(plate)
        size = page.locator(f"{MAP} .well").first.bounding_box()
    assert size is not None
    assert min(size["width"], size["height"]) >= 24


def test_the_map_is_worked_by_keyboard_alone(page: Page, plate: str) -> None:
    page.goto(f"{plate}?layer=count")
    assert page.locator(f'{MAP} [tabindex="0"]').count() == 1
    page.locator(f'{MAP} [tabindex="0"]').focus()
    for key, well in (
        ("ArrowRight", "A02"),
        ("ArrowDown", "B02"),
        ("End", "B12"),
        ("Home", "B01"),
        ("Control+End", "H12"),
        ("Control+Home", "A01"),
    ):
        page.keyboard.press(key)
        assert focused(page) == well, key
    page.keyboard.type("B07")
    assert focused(page) == "B07"
    expect(page.locator("[data-readout]")).to_contain_text("B07")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    assert chosen(page) == ["B07", "B08", "C07", "C08"]
    assert page.url.endswith("sel=B07:B08,C07:C08")
    page.keyboard.press("Space")
    assert chosen(page) == ["B07", "B08", "C07"]
    page.keyboard.press("Escape")
    assert chosen(page) == []
    page.keyboard.type("A01")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/jobs/[0-9a-f-]{36}$"))


def test_a_column_is_chosen_by_its_name_and_previewed_as_one_act(page: Page, plate: str) -> None:
    page.goto(plate)
    page.locator("[data-column='1']").click()
    assert chosen(page) == [f"{row}01" for row in "ABCDEFGH"]
    expect(page.locator(".selection")).to_contain_text("8 wells are chosen")
    page.get_by_role("button", name="Reprocess …").click()
    expect(page).to_have_url(re.compile(r"/jobs/bulk/[0-9a-f-]{36}$"))
    expect(page.locator("main")).to_contain_text("well=A01")


def test_the_selection_of_an_address_is_there_without_scripts(browser: Browser, lab: Lab, plate: str) -> None:
    with open_page(browser, lab.address, java_script_enabled=False) as page:
        page.goto(f"{plate}?sel=A01:A03")
        assert page.locator('[aria-selected="true"]').count() == 3
        expect(page.locator(".selection")).to_contain_text("3 wells are chosen")
        page.locator("[data-row='2']").click()
        assert page.locator('[aria-selected="true"]').count() == 12
        page.locator("select[name=layer]").select_option("progress")
        page.get_by_role("button", name="Show").click()
        expect(page.locator(".histogram figcaption")).to_have_text("Progress")
        assert "sel=B01" in page.url


def test_the_table_is_sorted_by_its_columns(page: Page, plate: str) -> None:
    page.goto(f"{plate}?show=table")
    page.locator("thead a", has_text="Count").first.click()
    expect(page.locator("th[aria-sort]")).to_have_attribute("aria-sort", "descending")
    place = page.locator("thead th").all_text_contents().index("Count ↓")
    shown = page.locator(f"tbody td:nth-of-type({place})").all_text_contents()
    numbers = [float(each.replace(",", "")) for each in shown if each]
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) > 3


def test_the_files_say_what_the_map_says(lab: Lab, plate: str) -> None:
    twin = lab.get(f"{plate}.json?layer=count").json()
    rows = {row["well"]: row for row in csv.DictReader(io.StringIO(lab.get(f"{plate}.csv").text))}
    assert {well: float(rows[well]["count"]) for well in twin["values"]} == twin["values"]
    assert len(twin["values"]) > 3
    book = lab.get(f"{plate}.xlsx")
    assert (book.status_code, book.content[:2]) == (200, b"PK")


def test_delivered_tables_are_led_to(page: Page, plate: str) -> None:
    page.goto(plate)
    link = page.get_by_role("link", name="wells (CSV)").first
    address = link.get_attribute("href")
    assert address is not None
    assert page.request.get(address).text().startswith("plate,well,row,column")


@pytest.mark.parametrize(
    "path",
    [
        "/plates/nobody",
        "/plates/00000000-0000-0000-0000-000000000000",
        "/plates/00000000-0000-0000-0000-000000000000/wells/A01",
        "/plates/compare?plate=nobody",
    ],
)
def test_a_plate_that_is_not_there_is_kindly_told(page: Page, path: str) -> None:
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == 404
    expect(page.locator("main")).to_contain_text("There is no plate")


@pytest.mark.parametrize(
    "query", ["layer=%00&colours=x", "scale=fixed&low=9&high=1", "sel=ZZ99:A01,,:,x", "page=999999"]
)
def test_a_strange_address_is_still_a_page(page: Page, plate: str, query: str) -> None:
    answer = page.goto(f"{plate}?{query}")
    assert answer is not None
    assert answer.status == 200


def test_two_plates_are_on_one_scale(page: Page, lab: Lab, plate: str) -> None:
    other = written(lab, "UI-TWIN", "A01")
    page.goto(f"/plates/compare?plate={plate.rpartition('/')[2]}&plate={other}")
    expect(page.locator("table.platemap")).to_have_count(2)


def test_a_change_recolours_its_well_at_once(page: Page, lab: Lab) -> None:
    found = written(lab, "UI-LIVE", "A01")
    page.goto(f"/plates/{found}?layer=status")
    well = page.locator(f'{MAP} a[href$="/wells/B03"]')
    expect(well).to_have_class("well is-empty")
    expect(page.locator("#badge")).to_have_attribute("data-state", "live")
    written(lab, "UI-LIVE", "B03")
    expect(well).to_have_class(re.compile("is-(waiting|running|done)"), timeout=20_000)
    expect(well).to_have_class(re.compile("is-done"), timeout=60_000)


def written(lab: Lab, name: str, well: str) -> str:
    """An image of the lab's own plate, written once more as one of another plate; that plate's id."""
    images = next((lab.root / "demo").glob("*/instrument/images"))
    source = next(images.glob("SYNTHETIC*/*A02*.tif"), None) or next(images.glob("SYNTHETIC*/*.tif"))
    target = images / name / f"{name}_{well}_s1_w1.tif"
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(source.read_bytes())
    end = time.monotonic() + 60
    while not (found := lab.get("/plates.json", params={"name": name}).json()["plates"]):
        assert time.monotonic() < end
        time.sleep(0.1)
    return str(found[0]["id"])
