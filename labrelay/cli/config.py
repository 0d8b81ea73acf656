"""`config check|show|schema`: what the settings are, and whether the world fits them."""

import json
from pathlib import Path

import typer

from labrelay.cli.jobs import out
from labrelay.cli.serve import Config
from labrelay.errors import SettingsInvalid
from labrelay.plates import readers_of
from labrelay.redaction import redacted
from labrelay.settings import Settings, load_settings

group = typer.Typer(no_args_is_help=True, help="Look at the settings.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    group.command("check")(check)
    group.command("show")(show)
    group.command("schema")(schema)
    app.add_typer(group, name="config")


def check(config: Config = None) -> None:
    """Read the settings and look whether their folders can be used and their name patterns make sense."""
    settings = load_settings(config)
    readers_of(settings)
    for name, folder in [*((f"folder {each.name}", each.path) for each in settings.folders), ("data", settings.data)]:
        _check_folder(name, folder)
    out.print("[green]the settings are good[/]")


def show(config: Config = None) -> None:
    """Print the settings as they hold now, defaults included, but for passwords."""
    typer.echo(redacted(load_settings(config).model_dump_json(indent=1)))


def schema() -> None:
    """Print the JSON schema, for editors."""
    typer.echo(json.dumps(Settings.model_json_schema(), indent=1))


def _check_folder(name: str, folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise SettingsInvalid(f"{name}: {folder} is a file, not a folder.")
    if not folder.exists():
        out.print(f"[yellow]{name}[/]: {folder} isn't there yet; it is made at the start")
