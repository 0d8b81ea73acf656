"""`up`, `oem`, `gateway`: a side with all its processes. `serve NAME`: one service alone."""

import gc
import signal
import threading
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from labrelay import supervisor
from labrelay.cli.notice import Notice
from labrelay.http.server import serve_all
from labrelay.parent import end_with_parent
from labrelay.priority import step_back
from labrelay.session import running
from labrelay.settings import Settings, load_settings
from labrelay.telemetry import configure_logging

Config = Annotated[Path | None, typer.Option("--config", help="Settings file (TOML).")]
console = Console(stderr=True, highlight=False)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(up)
    app.command()(oem)
    app.command()(gateway)
    app.command()(serve)
    app.command(hidden=True)(process)


def up(config: Config = None) -> None:
    """Run both sides on this machine until Ctrl-C."""
    _run_side("up", load_settings(config))


def oem(config: Config = None) -> None:
    """Run the instrument's side until Ctrl-C; it calls out to the gateway's edge address and nothing else."""
    _run_side("oem", load_settings(config))


def gateway(config: Config = None) -> None:
    """Run the gateway: services, live store and pipelines, until Ctrl-C."""
    _run_side("gateway", load_settings(config))


def serve(name: str, config: Config = None) -> None:
    """Run one service alone in this process (e.g. `labrelay serve task-launcher`)."""
    settings = load_settings(config)
    configure_logging(name, settings.log_level)
    _take_place(name, settings)
    serve_all(supervisor.listeners(name, settings))


def process(group: str) -> None:
    """One process of a side, as the supervisor starts it."""
    settings = load_settings()
    configure_logging(group, settings.log_level)
    _take_place(group, settings)  # before there are threads: on Linux only later ones take it over
    end_with_parent()
    gc.disable()  # what is loaded now stays: looking for garbage among it takes a fifth of every start
    services = supervisor.listeners(group, settings)
    gc.freeze()
    gc.enable()
    serve_all(services)
    gc.freeze()  # and half a second of every stop


def _take_place(group: str, settings: Settings) -> None:
    """The instrument's side steps back behind the instrument's own software; the gateway doesn't."""
    if settings.oem.priority == "low" and (group == "oem" or group in supervisor.OEM):
        step_back()


def _run_side(side: str, settings: Settings) -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    configure_logging(side, settings.log_level)
    with running(settings, side) as session:
        for line in _facts(side, settings):
            console.print(line)
        session.await_ready()
        console.print("[green]ready[/] (Ctrl-C stops everything)")
        notice = Notice(settings) if side != "gateway" else None
        while not stop.wait(0.5):
            for line in notice.lines() if notice else ():
                console.print(line)
        console.print("stopping …")


def _facts(side: str, settings: Settings) -> list[str]:
    lines = [f"data      {settings.data.resolve()}"]
    if side != "gateway":
        # Not resolved: a share that doesn't answer would hold up all the rest.
        lines += [f"watching  {folder.path.absolute()}" for folder in settings.folders]
        lines += [f"results   {settings.oem.output_folder.absolute()}", f"gateway   {settings.edge_url}"]
    if side != "oem":
        lines += [f"dashboard {settings.service_url('dashboard')}"]
        lines += [f"push      {settings.service_url('data_organizer_gateway')}/api/v2/captures"]
    return lines
