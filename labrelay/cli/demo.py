"""`demo`: a simulated reader writes a plate, the whole chain counts it, a table tells how it went."""

import csv
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from labrelay.cli.ending import finish_plates
from labrelay.cli.progress import follow
from labrelay.cli.run import only, running_with_task, stop_on_signals
from labrelay.cli.table import print_report
from labrelay.errors import LabrelayError
from labrelay.oracle import judge
from labrelay.report import Report, build_report, written_files
from labrelay.session import Session, free_ports, take_ports
from labrelay.settings import Settings, WatchedFolder, load_settings
from labrelay.telemetry import configure_logging

console = Console(stderr=True, highlight=False)


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(demo)


def demo(
    plate: Annotated[
        int, typer.Option(help="Wells of the plate: 96 or 384.", callback=lambda wells: _known_plate(wells))
    ] = 96,
    images: Annotated[
        int | None, typer.Option(min=1, help="Images that the reader writes (default: every well).")
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed, another plate.")] = 1,
    rate: Annotated[float, typer.Option(help="Images per second that the reader writes.")] = 2.0,
    data: Annotated[Path, typer.Option(help="Where everything lies.")] = Path("demo-data"),
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the report here.")] = None,
    wait: Annotated[float, typer.Option(help="Stop waiting after so many seconds.")] = 900.0,
    keep: Annotated[bool, typer.Option("--keep", help="Leave it running, with the dashboard.")] = False,
) -> None:
    """Show the whole chain on a simulated plate; exit status 0 only if all is well."""
    configure_logging("demo", "error")
    stop_on_signals()
    count = images or plate
    root = data.resolve() / time.strftime("%Y%m%d-%H%M%S")
    settings = _settings(root)
    console.print(f"SYNTHETIC plate of {plate} wells, {count} images; everything lies in {root}")
    with running_with_task(settings, "nuclei") as session:
        console.print(f"dashboard: {settings.service_url('dashboard')}")
        report = _play(session, root, [plate, count, seed], rate, wait)
        if json_file:
            json_file.write_text(report.as_json(), encoding="utf-8")
        print_report(report, settings.oem.output_folder, "demo")
        if keep:
            _stay(settings)
    if not report.well:
        raise typer.Exit(1)


def _settings(root: Path) -> Settings:
    base = load_settings()
    folder = WatchedFolder(name="reader", path=root / "instrument" / "images", include=("**/*.tif",))
    folder.path.mkdir(parents=True)
    oem = base.oem.model_copy(update={"folders": (folder,), "output_folder": root / "instrument" / "results"})
    return base.model_copy(
        update={
            "data": root / "labrelay",
            "oem": oem.model_copy(update={"edge_url": "", "instrument": "simulated-reader"}),
            "ports": free_ports(base.ports),
            "redis": base.redis.model_copy(update={"port": take_ports(1)[0], "url": ""}),
            "pipelines": only("nuclei", base.pipelines),
        }
    )


def _play(session: Session, root: Path, plate: list[int], rate: float, wait: float) -> Report:
    watched, truth = root / "instrument" / "images", root / "truth"
    started = time.monotonic()
    reader = subprocess.Popen(_reader(watched, truth, plate, rate), stdout=subprocess.DEVNULL)  # noqa: S603
    try:
        jobs = follow(
            session.repository, lambda: _expected(reader, plate[1]), lambda _: reader.poll() is not None, wait
        )
        if reader.poll():
            raise LabrelayError(f"The simulated reader stopped with status {reader.returncode}.")
    finally:
        reader.terminate()
        reader.wait()
    took = time.monotonic() - started
    rows = _truth(truth / "truth.csv")
    digests = {row["file"]: row["sha256"] for row in rows}
    counts = {row["file"]: int(row["count"]) for row in rows}
    verdict = judge(digests, session.settings.oem.output_folder)
    tables = finish_plates(session.repository)
    return build_report(written_files(watched, digests), jobs, verdict, took, counts, tables=tables)


def _expected(reader: subprocess.Popen[bytes], images: int) -> int:
    return 0 if reader.poll() else images  # a reader that failed writes no more: nothing is worth waiting for


def _known_plate(wells: int) -> int:
    if wells not in (96, 384):
        raise typer.BadParameter("a plate has 96 or 384 wells")
    return wells


def _reader(watched: Path, truth: Path, plate: list[int], rate: float) -> list[str]:
    wells, images, seed = (str(number) for number in plate)
    where = ["--output", str(watched), "--truth", str(truth)]
    what = ["--plate", wells, "--images", images, "--seed", seed, "--rate", str(rate)]
    return [sys.executable, "-m", "pipelines.instrument", *where, *what]


def _truth(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def _stay(settings: Settings) -> None:
    console.print(f"still running: {settings.service_url('dashboard')} (Ctrl-C stops everything)")
    try:
        while True:
            time.sleep(1)
    except KeyboardInterrupt:
        console.print("stopping …")
