"""`python -m benchmarks.live`: changes of jobs on their way to open pages, through real services."""

import json
import multiprocessing
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final

import psutil
import requests
import typer
from playwright.sync_api import Page, sync_playwright

from benchmarks.live_load import feed, follow, quantiles, serve_dashboard, serve_repository
from labrelay.embedded.redis import EmbeddedRedis
from labrelay.session import free_ports, take_ports
from labrelay.settings import Settings
from labrelay.settings.model import Ports, Redis

CHROMIUM: Final = os.environ.get("LABRELAY_CHROMIUM", "/usr/bin/chromium")
WATCH: Final = """() => {
  window.painted = [];
  document.addEventListener("labrelay:change", ({detail}) => {
    const shown = detail.tiles.filter((tile) => document.getElementById(`job-${tile.id}`));
    requestAnimationFrame(() => requestAnimationFrame(() => {
      for (const tile of shown) painted.push(Date.now() - tile.updated_ns / 1e6);
    }));
  });
}"""
"""A change is on the screen when the frame after the one that drew it begins."""

_spawn: Final = multiprocessing.get_context("spawn")


def main(
    rate: Annotated[int, typer.Option(min=20, help="Changes of jobs a second.")] = 1000,
    clients: Annotated[int, typer.Option(min=1, help="Open pages without a browser, each with its own stream.")] = 100,
    jobs: Annotated[int, typer.Option(min=100, help="Jobs that change.")] = 2000,
    seconds: Annotated[float, typer.Option(min=1, help="How long is measured.")] = 20.0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures here.")] = None,
) -> None:
    """Measure and print."""
    with TemporaryDirectory(prefix="labrelay-live-") as folder:
        ports = free_ports(Ports())
        settings = Settings(data=Path(folder), ports=ports, redis=Redis(port=take_ports(1)[0]))
        redis = EmbeddedRedis(Path(folder) / "redis", settings.redis.port)
        redis.start()
        try:
            figures = measure(settings, rate, clients, jobs, seconds)
        finally:
            redis.stop()
    text = json.dumps(figures, indent=1)
    print(text)
    if json_file:
        json_file.write_text(text + "\n", encoding="utf-8")


def measure(settings: Settings, rate: int, clients: int, jobs: int, seconds: float) -> dict[str, Any]:
    """What it takes from a change in the live store to clients, and to what Chromium shows."""
    services = _started(serve_repository, settings), _started(serve_dashboard, settings)
    fed = _started(feed, settings, jobs, rate)
    with services[0] as repository, services[1] as dashboard, fed, _chromium(settings) as page:
        cores, came, began = Cores(dashboard=dashboard, repository=repository), _seq(settings), time.monotonic()
        told = _spawn.Queue()
        with _started(follow, settings.ports.dashboard, clients, seconds, told):
            time.sleep(2)
            page.evaluate("painted.length = 0")
            streams = told.get(timeout=seconds + 120)
        lasted = time.monotonic() - began
        return {
            "asked_changes_per_s": rate,
            "changes_per_s": round((_seq(settings) - came) / lasted),
            "clients": clients,
            **streams,
            "change_to_pixel_ms": quantiles(sorted(page.evaluate("painted"))),
            **cores.figures(lasted),
            "load_of_the_machine": round(os.getloadavg()[0], 1),
            "cores": os.cpu_count(),
        }


class Cores:
    """How many cores services keep busy from now on."""

    def __init__(self, **services: BaseProcess) -> None:
        self._processes = {name: psutil.Process(service.pid) for name, service in services.items()}
        self._before = {name: self._seconds(name) for name in self._processes}

    def figures(self, seconds: float) -> dict[str, float]:
        """Cores since the beginning, and the memory that each holds now."""
        cores = {
            f"{name}_cores": round((self._seconds(name) - self._before[name]) / seconds, 2) for name in self._before
        }
        return cores | {
            f"{name}_megabytes": round(each.memory_info().rss / 1e6) for name, each in self._processes.items()
        }

    def _seconds(self, name: str) -> float:
        times = self._processes[name].cpu_times()
        return float(times.user + times.system)


@contextmanager
def _started(target: Any, *arguments: Any) -> Iterator[BaseProcess]:
    process = _spawn.Process(target=target, args=arguments, daemon=True)
    process.start()
    try:
        yield process
    finally:
        process.terminate()
        process.join(10)


@contextmanager
def _chromium(settings: Settings) -> Iterator[Page]:
    """A page that follows, once jobs are there."""
    address = settings.service_url("dashboard")
    _await(lambda: 'id="job-' in requests.get(address + "/jobs", timeout=10).text)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(base_url=address)
        page.goto("/jobs")
        page.wait_for_selector('#badge[data-state="live"]')
        page.evaluate(WATCH)
        yield page
        browser.close()


def _await(ready: Any, patience_s: float = 120.0) -> None:
    until = time.monotonic() + patience_s
    while True:
        try:
            if ready():
                return
        except requests.RequestException:
            pass
        if time.monotonic() > until:
            raise TimeoutError("the services never became ready")
        time.sleep(0.3)


def _seq(settings: Settings) -> int:
    """Up to which number the record holds what changed."""
    return int(requests.get(settings.service_url("job_repository") + "/api/v2/summary", timeout=30).json()["seq"])


if __name__ == "__main__":
    typer.run(main)
