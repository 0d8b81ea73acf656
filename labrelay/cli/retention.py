"""`retention`: what the rules would delete, why the rest stays, and do it now."""

import json
from datetime import UTC, datetime
from typing import Annotated, Final

import typer
from rich.markup import escape
from rich.table import Table

from labrelay.cli.jobs import Json, out
from labrelay.cli.pause import user
from labrelay.cli.serve import Config
from labrelay.contracts.retention import WORDS, Pile, RetentionReport, RetentionReports
from labrelay.errors import LabrelayError, NotFound, ServiceUnavailable
from labrelay.http.client import Client
from labrelay.settings import Settings, load_settings

OWNERS: Final = ("file_receiver_gateway", "file_sender_gateway", "task_launcher", "job_repository", "file_sender_oem")
LONG_S: Final = 3600.0
PARTLY: Final = 3


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(retention)


def retention(
    run: Annotated[bool, typer.Option("--run", help="Delete now what the rules let go.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go (as without an option).")] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Show what the retention rules would delete now, and why the rest stays; with --run delete it.

    Exit status 3 if a part couldn't be looked at to its end.
    """
    if run and dry_run:
        raise typer.BadParameter("choose one of --run and --dry-run")
    reports = _ask(load_settings(config), run=run)
    if as_json:
        typer.echo(json.dumps([report.model_dump(mode="json") for report in reports], indent=1))
    else:
        for report in reports:
            _print(report)
    if any(report.trouble for report in reports):
        raise typer.Exit(PARTLY)


def _ask(settings: Settings, *, run: bool) -> list[RetentionReport]:
    """The reports of all owners that run here."""
    reports: list[RetentionReport] = []
    reached = False
    for owner in OWNERS:
        client = Client.of(settings, owner, retries=0)
        try:
            reports += _of(client, run=run).items
            reached = True
        except NotFound:
            continue
        except ServiceUnavailable as away:
            if "answer" not in away.cause:
                raise
        except LabrelayError as error:
            reports.append(RetentionReport(part=owner.replace("_", "-"), rule="", dry=not run, trouble=error.cause))
            reached = True
    if not reached:
        raise ServiceUnavailable("Nothing runs here.", next_step="Start it with `labrelay up`.")
    return reports


def _of(owner: Client, *, run: bool) -> RetentionReports:
    if not run:
        return RetentionReports.model_validate(owner.get("/api/v2/retention", read_s=LONG_S))
    headers = {"X-Labrelay-Actor": user()}
    return RetentionReports.model_validate(owner.post("/api/v2/retention/run", headers=headers, read_s=LONG_S))


def _print(report: RetentionReport) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_row(f"[bold]{escape(report.part)}[/]", escape(report.rule), "")
    table.add_row("would go" if report.dry else "deleted", _pile(report.goes), "")
    for why, pile in sorted(report.stays.items()):
        table.add_row("stays", _pile(pile), escape(WORDS[why]))
    if report.trouble:
        table.add_row("[red]broke off[/]", escape(report.trouble), "")
    out.print(table)


def _pile(pile: Pile) -> str:
    if not pile.count:
        return "nothing"
    oldest = datetime.fromtimestamp(pile.oldest_ns / 1e9, UTC).strftime("%Y-%m-%d") if pile.oldest_ns else "–"
    return f"{pile.count:,}, {pile.bytes / 1e6:,.1f} MB, oldest {oldest}"
