"""`python -m benchmarks.jobs_page`: the dashboard's list of jobs over 1,000,000 of them, and the page of one job.

The record is filled by SQL; repository and dashboard are the real ones. Times are from the request to the page's last
byte; `cpu_ms` is what the page cost both services, whatever else the machine does.
"""

import http.client
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final

import psutil
import typer

from benchmarks.large_record import fill
from benchmarks.live import _await, _started
from benchmarks.live_load import serve_dashboard, serve_repository
from job_repository.record.store import Record
from labrelay.embedded.redis import EmbeddedRedis
from labrelay.session import take_ports
from labrelay.settings import Settings
from labrelay.settings.model import Ports, Redis

PAGES: Final[dict[str, str]] = {
    "newest": "/jobs",
    "failed": "/jobs?stage=failed",
    "instrument": "/jobs?instrument=scope-07",
    "plate": "/jobs?plate=P00700",
    "failed lately": "/jobs?stage=failed&since=1d",
    "code, instrument": "/jobs?code=timed_out&instrument=scope-07",
    "contains": "/jobs?q=P01991",
    "one job": "/jobs/{job}",
}
TWIN: Final = "/jobs.json"


class Site:
    """The dashboard, and the two processes behind it."""

    def __init__(self, port: int, pids: list[int]) -> None:
        self._port = port
        self._processes = [psutil.Process(pid) for pid in pids]

    def get(self, path: str) -> tuple[float, bytes]:
        """Milliseconds to the last byte, and the page.

        Raises:
            RuntimeError: it isn't there.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        began = time.perf_counter()
        connection.request("GET", path, headers={"Accept": "text/html"})
        answer = connection.getresponse()
        body = answer.read()
        took = (time.perf_counter() - began) * 1000
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}")
        return took, body

    @property
    def cpu_s(self) -> float:
        """Processor time of both so far."""
        return sum(times.user + times.system for times in (each.cpu_times() for each in self._processes))


def figures(site: Site, repeats: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each page."""
    newest = json.loads(site.get(TWIN)[1])["jobs"][50]["id"]
    for name, path in PAGES.items():
        address = path.format(job=newest)
        body = site.get(address)[1]
        spent = site.cpu_s
        took = sorted(site.get(address)[0] for _ in range(repeats))
        told = {"cpu_ms": (site.cpu_s - spent) * 1000 / repeats, "p50_ms": took[repeats // 2]}
        told |= {"p95_ms": took[int(repeats * 0.95)], "kilobytes": len(body) / 1000}
        yield name, {key: round(value, 1) for key, value in told.items()}


def main(
    count: Annotated[int, typer.Option(min=1000, help="Jobs in the record.")] = 1_000_000,
    repeats: Annotated[int, typer.Option(min=1, help="Looks at each page.")] = 40,
    folder: Annotated[Path | None, typer.Option(help="Keep the record here, or use the one that is here.")] = None,
) -> None:
    """Measure and print."""
    with TemporaryDirectory(prefix="labrelay-jobs-page-") as temporary:
        home = folder or Path(temporary)
        settings = Settings(data=home, ports=_ports(), redis=Redis(port=take_ports(1)[0]))
        if not settings.gateway_layout.record.exists():
            record = Record(settings.record_url)
            record.open()
            fill(record, count)
            record.close()
            print(f"filled with {count:,} jobs", file=sys.stderr)
        redis = EmbeddedRedis(home / "redis", settings.redis.port)
        redis.start()
        try:
            with _started(serve_repository, settings) as repository, _started(serve_dashboard, settings) as dashboard:
                site = Site(settings.ports.dashboard, [repository.pid or 0, dashboard.pid or 0])
                _await(lambda: _answers(site), 600.0)
                for name, told in figures(site, repeats):
                    print(f"{name:24}", json.dumps(told), flush=True)
        finally:
            redis.stop()


def _ports() -> Ports:
    """Ports that nobody else asks for: the record takes minutes to be filled."""
    names = list(Ports.model_fields)
    return Ports(**dict(zip(names, take_ports(len(names)), strict=True)))


def _answers(site: Site) -> bool:
    try:
        site.get(TWIN)
    except (OSError, RuntimeError):
        return False
    return True


if __name__ == "__main__":
    typer.run(main)
