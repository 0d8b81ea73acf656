"""`pipelines`, `first`: hold a pipeline back, let it run dry, let a plate go before all others."""

import json
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from labrelay.cli.jobs import Json, out
from labrelay.cli.serve import Config
from labrelay.http.client import Client
from labrelay.settings import load_settings

Topic = Annotated[str, typer.Argument(metavar="PIPELINE", help="The pipeline's topic, e.g. nuclei.")]
group = typer.Typer(invoke_without_command=True, help="What waits for each pipeline; pause, drain and resume one.")
err = Console(stderr=True, highlight=False)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    group.callback()(pipelines)
    for command in (pause, drain, resume):
        group.command()(command)
    app.add_typer(group, name="pipelines")
    app.command()(first)


def pipelines(context: typer.Context, as_json: Json = False, config: Config = None) -> None:
    """List the pipelines: what waits, what is open, who is there."""
    if context.invoked_subcommand:
        return
    rows = _rows(_launcher(config))
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    table = Table("pipeline", "mode", "waiting", "open", "there", box=None)
    for row in rows:
        there = {True: "yes", False: "[red]no[/]", None: "–"}[row["alive"]]
        mode = "drained" if row["drained"] and row["mode"] == "draining" else row["mode"]
        table.add_row(escape(row["topic"]), mode, str(row["ready"]), str(row["open"]), there)
    out.print(table)


def pause(topic: Topic, config: Config = None) -> None:
    """Launch nothing new for a pipeline until `resume`; what it has taken goes on."""
    _set(topic, "pause", config)


def drain(topic: Topic, config: Config = None) -> None:
    """Launch nothing new, and tell (in the list) when the last open job is done."""
    _set(topic, "drain", config)


def resume(topic: Topic, config: Config = None) -> None:
    """Launch again."""
    _set(topic, "resume", config)


def first(
    plates: Annotated[list[str] | None, typer.Argument(metavar="PLATE…", help="Plates, by their names.")] = None,
    clear: Annotated[bool, typer.Option("--clear", help="No plate goes before others any more.")] = False,
    config: Config = None,
) -> None:
    """Let these plates go before all others; without a plate say which do."""
    launcher = _launcher(config)
    if plates and clear:
        raise typer.BadParameter("either name plates, or --clear")
    if plates or clear:
        launcher.put("/api/v2/first", {"plates": plates or []})
    for plate in _unknown(plates or [], config):
        err.print(
            f"[yellow]look[/] no file of a plate {escape(plate)} has come yet; its jobs will go first when they do"
        )
    held = launcher.get("/api/v2/first")["plates"]
    out.print(f"first: {escape(', '.join(held))}" if held else "no plate goes before others")


def _set(topic: str, verb: str, config: Config) -> None:
    launcher = _launcher(config)
    known = [row["topic"] for row in _rows(launcher)]
    answer = launcher.post(f"/api/v2/pipelines/{quote(topic)}/{verb}")
    out.print(f"{escape(answer['topic'])}: {answer['mode']}")
    if topic not in known and verb != "resume":
        there = f"there are {', '.join(known)}" if known else "there are none yet"
        err.print(f"[yellow]look[/] nobody knows a pipeline {escape(topic)}; {escape(there)}")


def _rows(launcher: Client) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = launcher.get("/api/v2/pipelines")
    return rows


def _unknown(plates: list[str], config: Config) -> list[str]:
    repository = Client.of(load_settings(config), "job_repository")
    asked = [(plate, {"plate": plate, "limit": 1}) for plate in plates]
    return [plate for plate, query in asked if not repository.get("/api/v2/jobs", params=query)["items"]]


def _launcher(config: Config) -> Client:
    return Client.of(load_settings(config), "task_launcher")
