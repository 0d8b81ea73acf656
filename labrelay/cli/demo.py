"""`demo`: a simulated reader writes a plate, the whole chain counts it, a table tells how it went."""

import csv
import subprocess
import sys
import time
import webbrowser
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from labrelay.cli import planted
from labrelay.cli.ending import finish_plates
from labrelay.cli.leftovers import mark_synthetic, remove_demos
from labrelay.cli.progress import follow
from labrelay.cli.run import every_image, only, running_with_tasks, stop_on_signals
from labrelay.cli.table import print_report
from labrelay.errors import LabrelayError
from labrelay.oracle import judge
from labrelay.report import Report, build_report, written_files
from labrelay.session import Session, free_ports, take_ports
from labrelay.settings import Settings, WatchedFolder, load_settings
from labrelay.telemetry import configure_logging

PLATES: Final = (6, 12, 24, 48, 96, 384, 1536)
FEWEST_PLANTED: Final = 8
"""Images that a plate needs to have slips among them and still be mostly good."""
console = Console(stderr=True, highlight=False)


@dataclass(frozen=True)
class Show:
    """What the simulated reader is asked for, and where its things lie.

    Attributes:
        plate: wells.
        rate: images a second.
        plant: whether some images go wrong on purpose.
    """

    root: Path
    plate: int
    images: int
    seed: int
    rate: float
    plant: bool

    @property
    def watched(self) -> Path:
        """The folder that the reader writes into."""
        return self.root / "instrument" / "images"

    @property
    def truth(self) -> Path:
        """What is true of the images, out of every pipeline's sight."""
        return self.root / "truth"

    @property
    def command(self) -> list[str]:
        """How the reader is started."""
        where = ["--output", str(self.watched), "--truth", str(self.truth), "--name", "SYNTHETIC-1"]
        what = ["--plate", str(self.plate), "--images", str(self.images), "--seed", str(self.seed)]
        slips = ["--plant"] if self.plant else []
        return [sys.executable, "-m", "pipelines.instrument", *where, *what, "--rate", str(self.rate), *slips]


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(demo)


def demo(
    plate: Annotated[
        int, typer.Option(help="Wells of the plate: 6 to 1536.", callback=lambda wells: _known_plate(wells))
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
    plant: Annotated[bool, typer.Option("--plant", help="Let three things go wrong, to be found and mended.")] = False,
    show: Annotated[bool, typer.Option("--open", help="Open the dashboard in a browser.")] = False,
    reset: Annotated[bool, typer.Option("--reset", help="Remove what demos have left, and end.")] = False,
) -> None:
    """Show the whole chain on a simulated plate; exit status 0 only if all is well (but for what was planted)."""
    configure_logging("demo", "error")
    stop_on_signals()
    if reset:
        _reset(data)
        return
    count = images or plate
    if plant and count < FEWEST_PLANTED:
        raise typer.BadParameter(f"--plant needs {FEWEST_PLANTED} images or more")
    asked = Show(data.resolve() / time.strftime("%Y%m%d-%H%M%S"), plate, count, seed, rate, plant)
    if not _played(asked, wait, json_file, keep=keep, show=show):
        raise typer.Exit(1)


def _played(asked: Show, wait: float, json_file: Path | None, *, keep: bool, show: bool) -> bool:
    """Let the plate be written and counted; whether all is well."""
    settings = _settings(asked)
    console.print(f"SYNTHETIC plate of {asked.plate} wells, {asked.images} images; everything lies in {asked.root}")
    tasks = planted.TASKS if asked.plant else [every_image("nuclei")]
    with running_with_tasks(settings, tasks) as session:
        _invite(settings, show=show)
        report = _play(session, asked, wait)
        if json_file:
            json_file.write_text(report.as_json(), encoding="utf-8")
        well = _judged(session, asked, report)
        if keep:
            _stay(settings)
    return well


def _invite(settings: Settings, *, show: bool) -> None:
    """The address, before the first image is written: what happens there is to be seen from its beginning."""
    address = settings.service_url("dashboard")
    console.print(f"dashboard: {address}")
    console.print(f"to look at: {address}/plates (fills up now), {address}/jobs, {address}/inbox (what needs somebody)")
    if show:
        webbrowser.open(address)


def _judged(session: Session, asked: Show, report: Report) -> bool:
    """Say how it went; whether all is well, but for what was planted."""
    output = session.settings.oem.output_folder
    if not asked.plant:
        print_report(report, output, "demo", well=report.well)
        return report.well
    slips = {row["file"]: row["slip"] for row in _truth(asked.truth) if row["slip"]}
    found = planted.judge_planted(report, slips, planted.seen_to(session.repository))
    well = planted.well_but_for(report, found)
    print_report(report, output, "demo", well=well)
    planted.print_planted(found, f"{session.settings.service_url('dashboard')}/inbox")
    return well


def _reset(data: Path) -> None:
    gone = remove_demos(data.resolve())
    for folder in gone:
        console.print(f"removed {folder}")
    if not gone:
        console.print(f"no demo has left anything in {data.resolve()}")


def _settings(asked: Show) -> Settings:
    base, root = load_settings(), asked.root
    mark_synthetic(root)
    folder = WatchedFolder(name="reader", path=asked.watched, include=("**/*.tif",))
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


def _play(session: Session, asked: Show, wait: float) -> Report:
    started = time.monotonic()
    reader = subprocess.Popen(asked.command, stdout=subprocess.DEVNULL)  # noqa: S603
    try:
        jobs = follow(
            session.repository, lambda: _expected(reader, asked.images), lambda _: reader.poll() is not None, wait
        )
        if reader.poll():
            raise LabrelayError(f"The simulated reader stopped with status {reader.returncode}.")
    finally:
        reader.terminate()
        reader.wait()
    took = time.monotonic() - started
    rows = _truth(asked.truth)
    digests = {row["file"]: row["sha256"] for row in rows}
    counts = {row["file"]: int(row["count"]) for row in rows}
    verdict = judge(digests, session.settings.oem.output_folder)
    tables = finish_plates(session.repository)
    return build_report(written_files(asked.watched, digests), jobs, verdict, took, counts, tables=tables)


def _expected(reader: subprocess.Popen[bytes], images: int) -> int:
    return 0 if reader.poll() else images  # a reader that failed writes no more: nothing is worth waiting for


def _known_plate(wells: int) -> int:
    if wells not in PLATES:
        raise typer.BadParameter(f"a plate has {', '.join(map(str, PLATES[:-1]))} or {PLATES[-1]} wells")
    return wells


def _truth(folder: Path) -> list[dict[str, str]]:
    with (folder / "truth.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def _stay(settings: Settings) -> None:
    console.print(f"still running: {settings.service_url('dashboard')} (Ctrl-C stops everything)")
    try:
        while True:
            time.sleep(1)
    except KeyboardInterrupt:
        console.print("stopping …")
