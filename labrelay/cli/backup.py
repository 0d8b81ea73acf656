"""`backup` and `restore`: the gateway's record, settings and keys in one file, and back."""

import json
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from labrelay import supervisor
from labrelay.cli.jobs import Json, out
from labrelay.cli.notice import amount
from labrelay.cli.serve import Config
from labrelay.settings import load_settings

Target = Annotated[Path | None, typer.Argument(help="A file that ends in .tar.gz, or a folder; else [backup] folder.")]
Source = Annotated[Path, typer.Argument(help="A file that `labrelay backup` made.")]
WithSecrets = Annotated[bool, typer.Option("--with-secrets", help="Also the gateway's keys; guard the file then.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only check the backup.")]
Force = Annotated[bool, typer.Option("--force", help="Keep what is there aside, and restore.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(backup)
    app.command()(restore)


def backup(
    target: Target = None, with_secrets: WithSecrets = False, as_json: Json = False, config: Config = None
) -> None:
    """Back up the gateway's record, settings and switches; it may run meanwhile."""
    settings = load_settings(config)
    chosen = target or settings.backup.folder
    if chosen is None:
        raise typer.BadParameter("name a file or a folder, or set `folder` in [backup]")
    made = import_module(supervisor.BACKUPS[0]).back_up(settings, chosen, with_secrets=with_secrets)
    if as_json:
        typer.echo(made.model_dump_json(indent=1))
        return
    told = made.manifest
    out.print(f"[green]backed up[/] {escape(made.file)} ({amount(made.size)})")
    out.print(
        f"{told.captures:,} captures, {told.jobs:,} jobs, audit up to row {told.audit_number:,}; read again: good"
    )
    if not told.secrets:
        out.print("The keys aren't in it; copy them apart, or say `--with-secrets`.")


def restore(
    file: Source,
    force: Force = False,
    dry_run: DryRun = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Restore a backup into the data folder of these settings, while the gateway is stopped."""
    settings = load_settings(config)
    restoring = import_module(supervisor.BACKUPS[1])
    if dry_run:
        _print_check(restoring.checked(file), as_json=as_json)
        return
    done = restoring.restore(settings, file, force=force)
    if as_json:
        typer.echo(done.model_dump_json(indent=1))
        return
    out.print(f"[green]restored[/] {_words(done.manifest)} into {escape(str(settings.gateway_layout.root))}")
    if done.aside:
        out.print(f"What was there is kept in {escape(done.aside)}.")
    if not done.keys:
        out.print("No keys were in the backup: the gateway uses those that are there, or makes new ones.")
    out.print(f"Its settings, for comparing: {escape(done.settings)}")
    out.print("Now start the gateway. Instruments' sides announce by themselves what came since the backup.")


def _print_check(manifest: Any, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(manifest.model_dump(mode="json"), indent=1))
    else:
        out.print(f"[green]good[/] {_words(manifest)}; every file has its digest")


def _words(manifest: Any) -> str:
    made = datetime.fromtimestamp(manifest.made_ns / 1e9, UTC).astimezone()
    held = f"{manifest.captures:,} captures and {manifest.jobs:,} jobs"
    return f"the backup of {made:%Y-%m-%d %H:%M}, version {manifest.labrelay}, with {held}"
