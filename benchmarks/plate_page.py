"""`python -m benchmarks.plate_page`: the page of a plate of 1,536 wells with four images each, served and painted.

The record is filled by SQL; repository, dashboard and Chromium are the real ones. `first` is the first look after a
start, `next` the median of later ones; `recolour` is all wells at once by one message of changes.
"""

import http.client
import json
import random
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final

import typer
from playwright.sync_api import Page, sync_playwright

from benchmarks.large_record import jobs
from benchmarks.live import CHROMIUM, _started
from benchmarks.live_load import serve_dashboard, serve_repository
from job_repository.live.stored import LiveEvent
from job_repository.record.projection import apply_events
from job_repository.record.store import Record
from labrelay.contracts.jobs import Job, PipelineReport
from labrelay.contracts.states import PipelineStatus, Stage
from labrelay.contracts.wells import FORMATS
from labrelay.embedded.redis import EmbeddedRedis
from labrelay.plates.wells import Well
from labrelay.session import free_ports, take_ports
from labrelay.settings import Settings
from labrelay.settings.model import Ports, Redis

MEASUREMENTS: Final = ("count", "mean_area_um2", "mean_intensity", "confluence", "qc_focus", "qc_background")
PAINTED: Final = """async () => {
  while (!performance.getEntriesByName("first-contentful-paint").length) await new Promise(requestAnimationFrame);
  const told = performance.getEntriesByType("navigation")[0];
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  return {answered: told.responseEnd, painted: paint.startTime, whole: told.domContentLoadedEventEnd};
}"""
RECOLOUR: Final = """async ([plate, seed]) => {
  const wells = [...document.querySelectorAll(".platemap .well")].map((each) => each.pathname.split("/").pop());
  const id = (place) => `${seed}${place}`.padEnd(36, "0");
  const tile = (well, place) => ({id: id(place), plate, well, state: "working", stage: "processing"});
  const detail = {seq: 1, many: false, topics: [], tiles: wells.map(tile), health: null, spread_ms: 0, every_ms: 60000};
  const live = document.querySelector("plate-live");
  delete live.dataset.painted;
  const told = performance.now();
  document.dispatchEvent(new CustomEvent("labrelay:change", {detail}));
  while (live.dataset.painted === undefined) await new Promise((done) => setTimeout(done, 1));
  const script = Number(live.dataset.painted);
  const began = performance.now();
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return {script, frame: performance.now() - began, all: performance.now() - told, wells: wells.length};
}"""


def main(
    wells: Annotated[int, typer.Option(help="Wells of the plate.")] = 1536,
    images: Annotated[int, typer.Option(min=1, help="Images of each well.")] = 4,
    repeats: Annotated[int, typer.Option(min=1, help="Looks at the page.")] = 9,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures here.")] = None,
) -> None:
    """Measure and print."""
    with TemporaryDirectory(prefix="labrelay-plate-") as folder:
        settings = Settings(data=Path(folder), ports=free_ports(Ports()), redis=Redis(port=take_ports(1)[0]))
        _fill(Record(settings.record_url), wells, images)
        redis = EmbeddedRedis(Path(folder) / "redis", settings.redis.port)
        redis.start()
        try:
            with _started(serve_repository, settings), _started(serve_dashboard, settings):
                figures = _looked_at(settings, repeats)
        finally:
            redis.stop()
    text = json.dumps({"wells": wells, "images": images, **figures}, indent=1)
    print(text)
    if json_file:
        json_file.write_text(text + "\n", encoding="utf-8")


def _fill(record: Record, wells: int, images: int) -> None:
    """As the projector does it, with one step of each job."""
    record.open()
    step = json.dumps({"step": "receive", "actor": "benchmark"})
    told = enumerate(_jobs(wells, images), start=1)
    events = [LiveEvent(seq=number, doc=job.model_dump_json(), step=step) for number, job in told]
    with record.write() as connection:
        apply_events(connection, events)
    record.close()


def _jobs(wells: int, images: int) -> Iterator[Job]:
    chance, columns = random.Random(1), FORMATS[wells][1]
    for number, (job, _) in enumerate(jobs(wells * images, time.time_ns())):
        well = Well(number // images // columns + 1, number // images % columns + 1).name
        attributes = {"plate": "P1", "well": well, "field": number % images + 1, "channel": "DAPI"}
        told = {"attributes": attributes, "path": f"P1/{well}_s{number % images}.tif", "instrument": "scope-01"}
        measured = {name: chance.gauss(500, 80) for name in MEASUREMENTS}
        report = PipelineReport(status=PipelineStatus.COMPLETE, results="CellCount, 500", measurements=measured)
        task = job.task.model_copy(update={"id": "task-1", "description": "Count"}) if job.task else None
        done = {"stage": Stage.COMPLETE, "failure": None, "report": report, "task": task}
        yield job.model_copy(update={**done, "source": job.source.model_copy(update=told)})


def _looked_at(settings: Settings, repeats: int) -> dict[str, Any]:
    for port in (settings.ports.job_repository, settings.ports.dashboard):
        while not _is_ready(port):
            time.sleep(0.2)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        figures = _measure(settings, browser.new_page(viewport={"width": 1440, "height": 900}), repeats)
        browser.close()
    return figures


def _is_ready(port: int) -> bool:
    try:
        return bool(_asked(port, "/readyz")[1])
    except (OSError, RuntimeError):
        return False


def _measure(settings: Settings, page: Page, repeats: int) -> dict[str, Any]:
    api, pages = settings.ports.job_repository, settings.ports.dashboard
    plate = json.loads(_asked(api, "/api/v2/plates")[1])["items"][0]["id"]
    wells, path = f"/api/v2/plates/{plate}/wells", f"/plates/{plate}?layer=count"
    figures: dict[str, Any] = {}
    for name, port, address in (("api", api, wells), ("page", pages, path), ("list", pages, "/plates")):
        took = [_asked(port, address) for _ in range(repeats + 1)]
        later = round(statistics.median(each for each, _ in took[1:]), 1)
        figures[name] = {"first_ms": round(took[0][0], 1), "next_ms": later, "bytes": len(took[-1][1])}
    looks = []
    for _ in range(repeats):
        page.goto(f"http://127.0.0.1:{pages}{path}")
        looks.append(page.evaluate(PAINTED))
    figures["chromium_ms"] = {name: _median(looks, name) for name in ("answered", "painted", "whole")}
    page.goto(f"http://127.0.0.1:{pages}/plates/{plate}?layer=status")
    page.wait_for_timeout(1000)
    told = [page.evaluate(RECOLOUR, [plate, f"{chr(97 + number)}"]) for number in range(repeats)]
    figures["recolour_ms"] = {name: _median(told[1:] or told, name) for name in ("script", "frame", "all")}
    return {**figures, "recoloured": told[0]["wells"], "first_change_ms": round(told[0]["all"], 1)}


def _median(told: list[dict[str, float]], name: str) -> float:
    return round(statistics.median(each[name] for each in told), 1)


def _asked(port: int, path: str) -> tuple[float, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    began = time.perf_counter()
    connection.request("GET", path, headers={"Accept": "text/html"})
    answer = connection.getresponse()
    body = answer.read()
    took = (time.perf_counter() - began) * 1000
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status} {body[:300]!r}")
    return took, body


if __name__ == "__main__":
    typer.run(main)
