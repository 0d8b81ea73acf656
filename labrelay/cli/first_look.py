"""`preview`: what would be taken from the watched folders, and how long it would last, before anything is taken."""

from importlib import import_module
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from labrelay import supervisor
from labrelay.cli.jobs import Json, out
from labrelay.cli.notice import amount
from labrelay.cli.serve import Config
from labrelay.contracts.preview import FolderPreview, Portion, Preview, SubFolder
from labrelay.settings import Settings, load_settings


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(preview)


def preview(
    folder: Annotated[str, typer.Option(help="Only this watched folder, by its name.")] = "",
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Say what would be taken from the watched folders, and how long it would last; takes nothing."""
    told = _look(load_settings(config), folder)
    if as_json:
        typer.echo(told.model_dump_json(indent=1))
        return
    for each in told.folders:
        for line in _lines(each):
            out.print(line)


def _look(settings: Settings, folder: str) -> Preview:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        line = progress.add_task("looking at the watched folders")

        def heard(name: str, files: int) -> None:
            progress.update(line, description=f"{name}: {files:,} files seen")

        look: Any = import_module(supervisor.PREVIEW)
        told: Preview = look.preview(settings, folder, heard)
        return told


def _lines(folder: FolderPreview) -> list[str]:
    head = f"[bold]{folder.name}[/]  {escape(folder.path)}"
    if folder.unreachable:
        return [head, f"  [yellow]{escape(folder.unreachable)}[/]"]
    lines = [head, f"  to take    {_portion(folder.take)}"]
    lines += [f"             {escape(each.path)}: {_portion(each)}" for each in folder.folders]
    lines += [f"  known      {_portion(folder.known)}, as the journal has them"] if folder.known.files else []
    if folder.left_out.files:
        lines.append(f"  left out   {_portion(folder.left_out)}, until they change (existing = {folder.existing})")
    lines += [f"  too small  {_portion(folder.small)}"] if folder.small.files else []
    lines += [f"  ignored    {folder.ignored:,} files, by the folder's patterns"] if folder.ignored else []
    lines += [f"  [yellow]unreadable[/] {escape(each)}" for each in folder.unreadable]
    if folder.estimate is not None:
        lines += [f"  time       about {_duration(folder.estimate.seconds)}: {folder.estimate.assumption}"]
    return lines


def _portion(portion: Portion | SubFolder) -> str:
    return f"{portion.files:,} files, {amount(portion.bytes)}"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes / 60:.1f} h"
