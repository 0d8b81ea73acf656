"""The image page on a real lab: what is drawn is the file, what is pointed at is told, exclusions stay on record."""

import csv
import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import requests
import tifffile
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, expect

from tests.ui.browsing import barriers, open_page
from tests.ui.lab import Lab

pytestmark = pytest.mark.process
READY = "image-viewer[data-ready=yes]"
SIDE = 300
LOW, HIGH = 200, 900
PIXELS = """() => {
  const canvas = document.querySelector("canvas.raw");
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return { width: canvas.width, height: canvas.height, red: Array.from(data.filter((_, at) => at % 4 === 0)) };
}"""

LEAVE = """() => {
  const pressed = new KeyboardEvent("keydown", { key: "m", bubbles: true, cancelable: true });
  document.querySelector(".stage").dispatchEvent(pressed);
  location.assign("/jobs");
}"""
CLICK_AT_ONCE = LEAVE.replace("() =>", "(link) =>").replace('location.assign("/jobs")', "link.click()")


@dataclass(frozen=True)
class Seen:
    """A counted image of the lab.

    Attributes:
        pixels: of the file on the instrument.
        labels: of the sealed mask.
        objects: rows of the sealed table.
    """

    id: str
    found: int
    pixels: NDArray[Any]
    labels: NDArray[Any]
    objects: list[dict[str, str]]

    @property
    def address(self) -> str:
        return f"/images/{self.id}"

    def inside(self, place: int) -> tuple[int, int, int]:
        """Label of an object, and a point within it near its middle."""
        label = int(self.objects[place]["label"])
        ys, xs = np.nonzero(self.labels == label)
        nearest = np.argmin((ys - ys.mean()) ** 2 + (xs - xs.mean()) ** 2)
        return label, int(xs[nearest]), int(ys[nearest])


@pytest.fixture(scope="module")
def seen(lab: Lab) -> Seen:
    jobs = lab.get("/jobs.json?stage=complete&kind=image").json()["jobs"]
    job = max((each["id"] for each in jobs), key=lambda each: lab.get(f"/images/{each}.json").json()["found"])
    told = lab.get(f"/images/{job}.json").json()
    source = next(lab.root.glob(f"**/instrument/images/{told['file']}"))
    sealed = next(lab.root.glob(f"**/gateway/outputs/{job}/*/{source.stem}_labels.tif"))
    table = io.StringIO((sealed.parent / f"{source.stem}_objects.csv").read_text())
    return Seen(job, told["found"], tifffile.imread(source), tifffile.imread(sealed), list(csv.DictReader(table)))


@pytest.fixture
def viewer(page: Page, seen: Seen, lab: Lab) -> Iterator[Page]:
    page.goto(seen.address)
    page.wait_for_selector(READY)
    yield page
    for each in lab.get(f"{seen.address}.json").json()["review"]["excluded"]:
        requests.post(lab.address + f"{seen.address}/exclusions", {"include": each["object"]}, timeout=30)


@pytest.fixture(scope="module")
def coloured(lab: Lab) -> tuple[str, NDArray[Any]]:
    """A job of this module's own: three named channels of half a µm a pixel, and their samples."""
    planes = np.random.default_rng(6).integers(0, 4096, (3, 160, 200)).astype(np.uint16)
    size = {"PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5}
    told = {"axes": "CYX", "Channel": {"Name": ["DAPI", "GFP", "Texas Red"]}, **size}
    folder = next(lab.root.glob("demo/*/instrument/images"))
    tifffile.imwrite(folder / "three-channels_w1.tif", planes, ome=True, metadata=told)
    end = time.monotonic() + 90
    while time.monotonic() < end:
        found = lab.get("/jobs.json?path=three-channels_w1.tif").json()["jobs"]
        if found and lab.get(f"/images/{found[0]['id']}/planes").status_code == 200:
            return str(found[0]["id"]), planes
        time.sleep(0.3)
    raise AssertionError(f"the image didn't come: {found}")


def test_channels_add_up_in_their_colours_and_the_scale_is_told(page: Page, coloured: tuple[str, NDArray[Any]]) -> None:
    job, planes = coloured
    looks = "&".join(f"c{place}=on,{colour},0,4095,1" for place, colour in enumerate(("ff0000", "ff0000", "00ff00")))
    page.goto(f"/images/{job}?{looks}&mask=off&zoom=1&x=100&y=80")
    page.wait_for_selector(READY)
    expect(page.locator(".scalebar .text")).to_contain_text("µm")
    expect(page.locator(".channelrow .name")).to_have_text(["DAPI", "GFP", "Texas Red"])
    page.locator(".stage").focus()
    for wanted in (planes[:2].sum(axis=0), planes[0].astype(int)):
        page.wait_for_timeout(200)
        drawn = page.evaluate(PIXELS)
        red = np.array(drawn["red"]).reshape(drawn["height"], drawn["width"])
        left, top = drawn["width"] // 2 - 100, drawn["height"] // 2 - 80
        part = red[top : top + 160, left : left + 200]
        assert np.abs(part - np.minimum(wanted / 4095 * 255, 255)).max() <= 2
        page.keyboard.press("2")


def at(page: Page, seen: Seen, x: int, y: int, query: str = "") -> None:
    """The image at 1 : 1 with this point in the middle of the picture."""
    page.goto(f"{seen.address}?zoom=1&x={x}&y={y}{query}")
    page.wait_for_selector(READY)


def middle(page: Page) -> tuple[float, float]:
    box = page.locator(".stage").bounding_box()
    assert box is not None
    return box["x"] + box["width"] // 2 + 0.5, box["y"] + box["height"] // 2 + 0.5


def test_what_is_drawn_is_the_file_seen_through_the_window(page: Page, seen: Seen) -> None:
    at(page, seen, 256, 256, f"&c0=on,ffffff,{LOW},{HIGH},1&mask=off")
    page.wait_for_timeout(200)
    drawn = page.evaluate(PIXELS)
    red = np.array(drawn["red"]).reshape(drawn["height"], drawn["width"])
    left, top = drawn["width"] // 2 - 256, drawn["height"] // 2 - 256
    part = red[max(0, top) : max(0, top) + SIDE, left : left + SIDE]
    wanted = seen.pixels[max(0, -top) : max(0, -top) + SIDE, :SIDE].astype(float)
    light = np.clip((wanted - LOW) / (HIGH - LOW), 0, 1) * 255
    assert part.max() > 200
    assert np.abs(part - light).max() <= 1


def test_the_object_under_the_pointer_is_told_with_its_measurements(page: Page, seen: Seen) -> None:
    for place in (3, 17):
        label, x, y = seen.inside(place)
        at(page, seen, x, y)
        page.mouse.move(*middle(page))
        told = page.locator(".values")
        expect(told).to_contain_text(f"object {label}: area px {float(seen.objects[place]['area_px']):g}")
        expect(told).to_contain_text(f"x {x}, y {y} · Channel 1 {seen.pixels[y, x]}")


def test_an_excluded_object_leaves_the_count_is_on_record_and_comes_back(viewer: Page, seen: Seen, lab: Lab) -> None:
    label, x, y = seen.inside(5)
    outputs = lab.get(f"{seen.address}/objects.json").json()
    at(viewer, seen, x, y)
    viewer.mouse.click(*middle(viewer))
    count = viewer.locator("#image-count")
    expect(count).to_have_text(f"{seen.found} found, 1 excluded by dashboard: {seen.found - 1}")
    expect(viewer.locator(f".excluded [data-object='{label}']")).to_have_count(1)
    viewer.mouse.move(middle(viewer)[0] + 1, middle(viewer)[1])
    expect(viewer.locator(".values")).to_contain_text(f"object {label}, doesn't count")
    act = lab.get(f"/system/audit.json?subject={seen.id}&kind=exclusions").json()["items"][0]
    assert (act["actor"], act["body"]["excluded"], act["body"]["corrected_count"]) == (
        "dashboard",
        [label],
        seen.found - 1,
    )
    rows = list(csv.DictReader(io.StringIO(lab.get(f"{seen.address}/objects.csv").text)))
    assert [row["label"] for row in rows if row["counts"] == "0"] == [str(label)]
    assert lab.get(f"{seen.address}/objects.json").json() == outputs
    viewer.locator(".stage").focus()
    viewer.keyboard.press("z")
    expect(count).to_have_text(f"{seen.found} found")


def test_the_table_excludes_without_scripts_too(browser: Browser, lab: Lab, seen: Seen) -> None:
    with open_page(browser, lab.address, java_script_enabled=False) as page:
        page.goto(seen.address)
        expect(page.locator(".preview img")).to_be_visible()
        expect(page.locator("#image-count")).to_have_text(f"{seen.found} found")
        expect(page.get_by_role("link", name="This image's job")).to_be_visible()
        page.get_by_role("button", name="Exclude 2", exact=True).click()
        expect(page.locator("#image-count")).to_contain_text(f"1 excluded by dashboard: {seen.found - 1}")
        page.locator(".excluded").get_by_role("button", name="Count 2 again").click()
        expect(page.locator("#image-count")).to_have_text(f"{seen.found} found")


def test_it_keeps_nobody_out(page: Page, seen: Seen) -> None:
    page.goto(f"{seen.address}?compare=swipe")
    page.wait_for_selector(READY)
    assert barriers(page) == []


def test_everything_works_from_the_keyboard_and_stands_in_the_address(viewer: Page, seen: Seen) -> None:
    viewer.locator(".stage").focus()
    before = viewer.locator(".channelrow .window").inner_text()
    for key in ("[", "m", "+", "ArrowRight"):
        viewer.keyboard.press(key)
    expect(viewer.locator(".channelrow .window")).not_to_have_text(before)
    expect(viewer.locator(".maskmode")).to_have_value("fill")
    viewer.wait_for_url("**mask=fill**zoom=**")
    address, window = viewer.url, viewer.locator(".channelrow .window").inner_text()
    viewer.reload()
    viewer.wait_for_selector(READY)
    assert viewer.locator(".channelrow .window").inner_text() == window
    assert viewer.locator(".maskmode").input_value() == "fill"
    viewer.wait_for_timeout(400)
    assert viewer.url == address
    viewer.locator(".stage").focus()
    viewer.keyboard.press("1")
    expect(viewer.locator(".channelrow .on")).not_to_be_checked()


def test_who_leaves_at_once_finds_the_view_as_it_was(viewer: Page, seen: Seen) -> None:
    viewer.locator(".stage").focus()
    viewer.evaluate(LEAVE)
    viewer.wait_for_url("**/jobs")
    viewer.go_back()
    viewer.wait_for_selector(READY)
    assert "mask=fill" in viewer.url
    assert viewer.locator(".maskmode").input_value() == "fill"


def test_a_click_on_the_next_image_takes_a_view_along_that_was_chosen_just_now(viewer: Page, seen: Seen) -> None:
    step = viewer.locator("a.step").first
    step.evaluate(CLICK_AT_ONCE)
    viewer.wait_for_url(lambda url: "mask=fill" in url and seen.id not in url)
    viewer.wait_for_selector(READY)
    assert viewer.locator(".maskmode").input_value() == "fill"


def test_aicsd_06_an_image_can_be_judged(viewer: Page, seen: Seen, lab: Lab) -> None:
    """AiCSD stacks two pictures in a dialog; here it is zoom, overlay, contrast, channels, and the way to the next."""
    told = lab.get(f"{seen.address}.json").json()
    shown = viewer.locator("output.zoom").inner_text()
    viewer.get_by_role("button", name="Larger").click()
    expect(viewer.locator("output.zoom")).not_to_have_text(shown)
    viewer.get_by_role("combobox", name="Mask", exact=True).select_option("off")
    viewer.get_by_role("combobox", name="Compare").select_option("side")
    viewer.get_by_role("slider", name="Brightest", exact=True).fill("700")
    expect(viewer.locator(".channelrow .window")).to_contain_text("700")
    viewer.locator(".stage").focus()
    step = "n" if told["next"] else "p"
    viewer.keyboard.press(step)
    viewer.wait_for_url(f"**/images/{told['next'] or told['previous']}?**")
    viewer.wait_for_selector(READY)
    assert viewer.locator(".maskmode").input_value() == "off"
    expect(viewer.locator(".channelrow .window")).to_contain_text("700")
    expect(viewer.locator(".stage")).to_be_focused()


@pytest.mark.parametrize("job", ["00000000-0000-0000-0000-000000000000", "nonsense", "..%2f..%2fetc"])
def test_an_unknown_image_gets_a_kind_page(page: Page, job: str) -> None:
    answer = page.goto(f"/images/{job}")
    assert answer is not None
    assert answer.status == 404
    expect(page.locator("main h1")).to_have_count(1)
    assert "Traceback" not in page.content()


def test_what_is_no_image_says_so_and_keeps_the_page(browser: Browser, lab: Lab) -> None:
    tables = lab.get("/jobs.json?kind=table").json()["jobs"]
    with open_page(browser, lab.address) as page:
        page.goto(f"/images/{tables[0]['id']}")
        page.wait_for_selector("image-viewer[data-ready=no]")
        expect(page.locator(".viewertrouble h2")).to_have_text("The pixels themselves can't be shown")
        expect(page.locator(".viewertrouble .cause")).not_to_be_empty()
        assert barriers(page) == []


def test_nonsense_in_the_address_and_the_form_is_harmless(page: Page, seen: Seen, lab: Lab) -> None:
    page.goto(f"{seen.address}?c0=on,red,5,1,0&mask=%3Cb%3E&zoom=NaN&opacity=9e99&swipe=-4&compare=upside&rows=1")
    page.wait_for_selector(READY)
    assert page.locator(".maskmode").input_value() == "outline"
    refused = requests.post(lab.address + f"{seen.address}/exclusions", {"exclude": "many"}, timeout=30)
    assert refused.status_code == 400
    assert lab.get(f"{seen.address}.json").json()["found"] == seen.found


def test_files_for_spreadsheets_come_whole(lab: Lab, seen: Seen) -> None:
    book = lab.get(f"{seen.address}/objects.xlsx")
    assert (book.status_code, book.content[:2]) == (200, b"PK")
    assert lab.get(f"{seen.address}/objects.pdf").status_code == 404
