"""Lists, counts and the failure inbox over a large record: `python -m benchmarks.lists` (server side, over HTTP).

The record is filled by bulk SQL with plates of 500 images from 20 instruments for 5 tasks over 60 days, of which 3 %
failed with 8 codes, and 1,000 jobs are under way. The service then runs in a process of its own.
"""

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final

import psutil
import typer
import uvicorn

from benchmarks.large_record import fill
from job_repository.app import create
from job_repository.record.store import Record
from labrelay.embedded.redis import EmbeddedRedis
from labrelay.session import take_ports
from labrelay.settings import Settings
from labrelay.settings.model import Ports, Redis

QUERIES: Final[dict[str, str]] = {
    "newest page": "",
    "stage": "stage=failed",
    "status": "status=PipelineError",
    "code": "code=timed_out",
    "instrument": "instrument=scope-07",
    "pipeline": "pipeline=count/3",
    "task": "task=task-2",
    "plate": "plate=P00700",
    "path contains": "path=P01234/B07",
    "path of all": "path=.tif",
    "path of none": "path=nothing-like-it",
    "capture": "capture_id={capture}",
    "job": "job={job}",
    "kind": "kind=table",
    "q": "q=P01991",
    "q by code": "q=timed_out",
    "since": "since=1h",
    "until": "until=50d",
    "since and until": "since=30d&until=20d",
    "failed lately": "status=failed&since=1d",
    "failed on one plate": "stage=failed&plate=P00700",
    "instrument and failed": "instrument=scope-07&stage=failed",
    "instrument, code, since": "instrument=scope-07&code=timed_out&since=30d",
    "old instrument": "instrument=scope-old&since=60d",
    "failed and path": "stage=failed&path=P01234",
    "path lately": "path=A01&since=7d",
}


def settings_of(folder: Path, ports: list[int]) -> Settings:
    """A gateway below `folder` whose repository listens at the first port and whose Redis at the second."""
    return Settings(data=folder, ports=Ports(job_repository=ports[0]), redis=Redis(port=ports[1]))


class Server:
    """The repository in a process of its own, with a Redis."""

    def __init__(self, folder: Path) -> None:
        self._ports = take_ports(2)
        self._settings = settings_of(folder, self._ports)
        self._redis = EmbeddedRedis(folder / "redis", self._ports[1])
        self._redis.start()
        arguments = ["--serve", str(folder), *(word for port in self._ports for word in ("--port", str(port)))]
        self._process = subprocess.Popen([sys.executable, "-m", "benchmarks.lists", *arguments])

    def await_ready(self) -> None:
        """Wait for the first answer; a large record is brought up to date first."""
        while True:
            try:
                self.ask("/readyz")
            except (OSError, RuntimeError):
                time.sleep(0.2)
            else:
                return

    def ask(self, path: str) -> tuple[float, Any]:
        """Milliseconds until the whole answer was here, and the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self._ports[0], timeout=600)
        began = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        took = (time.perf_counter() - began) * 1000
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {body[:300]!r}")
        return took, json.loads(body)

    @property
    def cpu_s(self) -> float:
        """Processor time that the service has used."""
        times = psutil.Process(self._process.pid).cpu_times()
        return float(times.user + times.system)

    def stop(self) -> None:
        """End both."""
        self._process.terminate()
        self._process.wait(30)
        self._redis.stop()


def measured(server: Server, path: str, repeats: int) -> dict[str, Any]:
    """Figures of one request; `cpu_ms` is what it cost the service, whatever else the machine does."""
    _, answer = server.ask(path)
    spent = server.cpu_s
    took = sorted(server.ask(path)[0] for _ in range(repeats))
    figures: dict[str, Any] = {"cpu_ms": round((server.cpu_s - spent) * 1000 / repeats, 1)}
    figures |= {"p50_ms": round(took[len(took) // 2], 1), "p95_ms": round(took[int(len(took) * 0.95)], 1)}
    if "items" in answer:
        figures["items"] = len(answer["items"])
    if answer.get("facets"):
        figures["total"] = answer["facets"]["total"]
    return figures


def all_figures(server: Server, repeats: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each list, its second page, its facets, and the counts of all."""
    newest = server.ask("/api/v2/jobs?limit=1")[1]["items"][0]
    known = {"capture": newest["source"]["capture_id"], "job": newest["id"][:8]}
    for name, query in QUERIES.items():
        asked = f"/api/v2/jobs?{query.format(**known)}"
        yield name, measured(server, f"{asked}&limit=100", repeats)
        yield f"{name}: counted", measured(server, f"{asked}&limit=1&facets=true", repeats)
        following = server.ask(f"{asked}&limit=100")[1]["next"]
        if following:
            yield f"{name}: next page", measured(server, f"{asked}&limit=100&after={following}", repeats)
    for path in ("summary", "failures", "throughput"):
        yield path, measured(server, f"/api/v2/{path}", repeats)


def main(
    count: Annotated[int, typer.Option(min=1000, help="Jobs in the record.")] = 1_000_000,
    repeats: Annotated[int, typer.Option(min=1, help="Requests of each kind.")] = 20,
    folder: Annotated[Path | None, typer.Option(help="Keep the record here, or use the one that is here.")] = None,
    serve: Annotated[Path | None, typer.Option(hidden=True)] = None,
    port: Annotated[list[int] | None, typer.Option(hidden=True)] = None,
) -> None:
    """Measure and print."""
    if serve:
        settings = settings_of(serve, port or [])
        uvicorn.run(create(settings), port=settings.ports.job_repository, log_config=None)
        return
    with TemporaryDirectory(prefix="labrelay-lists-") as temporary:
        home = folder or Path(temporary)
        record = Record(settings_of(home, take_ports(2)).record_url)
        if not settings_of(home, take_ports(2)).gateway_layout.record.exists():
            began = time.monotonic()
            record.open()
            fill(record, count)
            print(f"filled with {count:,} jobs in {time.monotonic() - began:.0f} s", file=sys.stderr)
        record.close()
        server = Server(home)
        try:
            server.await_ready()
            for name, figures in all_figures(server, repeats):
                print(f"{name:36}", json.dumps(figures), flush=True)
        finally:
            server.stop()


if __name__ == "__main__":
    typer.run(main)
