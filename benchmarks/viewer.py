"""`python -m benchmarks.viewer`: the image page with a camera's whole frame (2160²), of one and of three channels.

A real lab (`labrelay demo`) counts both images; Chromium looks at them. A contrast change is timed from the slider's
event until the frame that shows it is done; first pixels are the largest paint of a page that this browser never saw.
"""

import json
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final

import cv2
import numpy as np
import requests
import tifffile
import typer
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, sync_playwright

from tests.ui.browsing import CHROMIUM
from tests.ui.lab import Lab, running_lab

SIDE: Final = 2160
COUNTED_S: Final = 180.0
CHANGES: Final = """async ([times, zoom]) => {
  const viewer = document.querySelector("image-viewer");
  if (zoom) viewer.querySelector(".exact").click(); else viewer.querySelector(".fit").click();
  await new Promise((done) => setTimeout(done, 1000));
  const sliders = [...viewer.querySelectorAll(".channelrow .high")], took = [];
  for (let turn = 0; turn < times; turn++) {
    const slider = sliders[turn % sliders.length];
    const began = performance.now();
    slider.value = String(Number(slider.max) * (0.3 + 0.5 * Math.random()));
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    took.push(performance.now() - began);
    await new Promise((done) => setTimeout(done, 20));
  }
  return took;
}"""
SCRIPT: Final = """([times, zoom]) => {
  const viewer = document.querySelector("image-viewer"), took = [];
  if (zoom) viewer.querySelector(".exact").click(); else viewer.querySelector(".fit").click();
  for (let turn = 0; turn < times; turn++) {
    const began = performance.now();
    const channel = turn % viewer.controls.looks.length;
    viewer.controls.put(channel, { high: viewer.picture.planes[channel].high * (0.3 + 0.5 * Math.random()) });
    viewer.paint(viewer.picture);
    viewer.picture.raw.context.getImageData(0, 0, 1, 1);
    took.push(performance.now() - began);
  }
  return took;
}"""
SIZES: Final = """() => performance.getEntriesByType("resource")
  .filter((each) => each.name.includes("/planes/")).map((each) => each.encodedBodySize)"""
FIRST: Final = """() => new Promise((done) => new PerformanceObserver((list) => {
  const last = list.getEntries().at(-1);
  done({ paint: last.startTime, what: last.element?.tagName ?? "" });
}).observe({ type: "largest-contentful-paint", buffered: true }))"""


def main(
    times: Annotated[int, typer.Option(help="Contrast changes of each kind.")] = 60,
    visits: Annotated[int, typer.Option(help="First visits of each image.")] = 5,
    out: Annotated[Path | None, typer.Option(help="Write the figures there as JSON.")] = None,
) -> None:
    """Measure, and say so."""
    figures: dict[str, Any] = {"side": SIDE, "window": "1440 x 900"}
    with _lab() as lab, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for channels in (1, 3):
            job = _counted(lab, channels)
            figures[f"{channels} channels"] = _measured(browser, f"{lab.address}/images/{job}", times, visits)
        browser.close()
    told = json.dumps(figures, indent=2)
    print(told)
    if out is not None:
        out.write_text(told + "\n", encoding="utf-8")


@contextmanager
def _lab() -> Iterator[Lab]:
    with TemporaryDirectory() as folder, running_lab(Path(folder), 1) as lab:
        yield lab


def _counted(lab: Lab, channels: int) -> str:
    """The id of a job that counted an image of so many channels."""
    folder = next(lab.root.glob("demo/*/instrument/images"))
    name = f"frame-{channels}.ome.tif"
    planes = np.stack([_plane(seed) for seed in range(channels)])
    told = {"axes": "CYX", "PhysicalSizeX": 0.325, "PhysicalSizeY": 0.325}
    tifffile.imwrite(folder / name, planes, ome=True, metadata=told)
    end = time.monotonic() + COUNTED_S
    while time.monotonic() < end:
        found = requests.get(f"{lab.address}/jobs.json", params={"path": name}, timeout=30).json()["jobs"]
        if found and found[0]["state"] == "done":
            return str(found[0]["id"])
        time.sleep(0.5)
    raise TimeoutError(f"{name} was not counted within {COUNTED_S} s")


def _plane(seed: int) -> NDArray[np.uint16]:
    """Some 1,200 blurred spots on noise, 16 bit."""
    random = np.random.default_rng(seed)
    spots = np.zeros((SIDE, SIDE), np.float32)
    for x, y in random.integers(0, SIDE, (1200, 2)):
        cv2.circle(spots, (int(x), int(y)), int(random.integers(8, 14)), float(random.uniform(400, 1500)), -1)
    noise = random.normal(200, 12, spots.shape)
    blurred: NDArray[np.float32] = cv2.GaussianBlur(spots, (0, 0), 2.0)
    return np.clip(blurred + noise, 0, 65_535).astype(np.uint16)


def _measured(browser: Browser, address: str, times: int, visits: int) -> dict[str, Any]:
    paints, whole, bytes_ = [], [], 0
    for _ in range(visits):
        with _page(browser) as page:
            page.goto(address)
            paints.append(page.evaluate(FIRST)["paint"])
            page.wait_for_selector("image-viewer[data-ready=yes]", timeout=60_000)
            whole.append(page.evaluate("performance.now()"))
    with _page(browser) as page:
        page.goto(address)
        page.wait_for_selector("image-viewer[data-ready=yes]", timeout=60_000)
        changes = {name: page.evaluate(CHANGES, [times, zoom]) for name, zoom in (("fit", False), ("1:1", True))}
        drawn = {name: page.evaluate(SCRIPT, [times, zoom]) for name, zoom in (("fit", False), ("1:1", True))}
        bytes_ = sum(page.evaluate(SIZES))
    return {
        "first pixels ms": _spread(paints),
        "all pixels ms": _spread(whole),
        "plane bytes": bytes_,
        **{f"of it drawing ms, {name}": _spread(taken) for name, taken in drawn.items()},
        **{f"contrast change ms, {name}": _spread(taken) for name, taken in changes.items()},
    }


@contextmanager
def _page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    yield context.new_page()
    context.close()


def _spread(taken: list[float]) -> dict[str, float]:
    ordered = sorted(taken)
    return {"median": round(statistics.median(ordered), 1), "p95": round(ordered[int(0.95 * (len(ordered) - 1))], 1)}


if __name__ == "__main__":
    typer.run(main)
