"""`explain`: what a file's name tells, which task takes it and why not the others; and previews of own patterns."""

import json
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.markup import escape

from labrelay.cli.jobs import Json, out
from labrelay.cli.place import Place, folder_of, place_of, printable
from labrelay.cli.preview import Preview, print_preview
from labrelay.cli.serve import Config
from labrelay.errors import ServiceUnavailable
from labrelay.http.client import Client
from labrelay.plates import FolderReader, Reading
from labrelay.settings import Settings, load_settings


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(explain)


def explain(
    files: Annotated[list[str] | None, typer.Argument(help="Files, there or not; for a preview also folders.")] = None,
    pattern: Annotated[list[str] | None, typer.Option(help="Try this regular expression on names; repeatable.")] = None,
    names: Annotated[str, typer.Option(help="Try this preset on names, e.g. imagexpress.")] = "",
    folder: Annotated[str, typer.Option(help="As if it lay in this watched folder, by its name.")] = "",
    instrument: Annotated[str, typer.Option(help="As if it came from this instrument.")] = "",
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Say what a file's name tells and which task would take it; --pattern and --names only try names out.

    A preview needs nothing that runs; without FILES it reads what lies in the watched folder.
    """
    settings = load_settings(config)
    if pattern or names:
        changes = {"names": names or "none", "patterns": tuple(pattern or ()), "attributes": {}}
        tried = folder_of(settings, folder).model_copy(update=changes)
        print_preview(Preview(settings, tried, FolderReader(tried, {}, "preview")), files, as_json)
        return
    if not files:
        raise typer.BadParameter("name a file, or try names out with --pattern or --names")
    answers = [_explained(settings, file, folder, instrument) for file in files]
    if as_json:
        typer.echo(json.dumps(answers if len(answers) > 1 else answers[0], indent=1))
        return
    for answer in answers:
        _print(answer)


def _explained(settings: Settings, file: str, folder: str, instrument: str) -> dict[str, Any]:
    place = place_of(settings, file, folder)
    reader = FolderReader(place.folder, settings.oem.attributes)
    reading = reader.read(place.path)
    return {
        "file": file,
        "folder": place.folder.name,
        "path": place.path,
        **asdict(reading),
        "left_out": reader.names.leaves_out(place.path),
        **_tasks(settings, place, reading, instrument or settings.oem.instrument),
    }


def _tasks(settings: Settings, place: Place, reading: Reading, instrument: str) -> dict[str, Any]:
    question = {
        "path": place.path,
        "instrument": instrument,
        "host": settings.oem.hostname,
        "directory": place.directory,
        "attributes": reading.attributes,
    }
    launcher = Client.of(settings, "task_launcher", retries=0)
    try:
        answer: dict[str, Any] = launcher.post("/api/v2/explain", question)
    except ServiceUnavailable as error:
        return {"taken_by": None, "tasks": None, "why_no_tasks": error.cause}
    return answer


def _print(answer: dict[str, Any]) -> None:
    taken_by = answer["taken_by"]
    verdict = "the tasks can't be asked" if taken_by is None else f"taken by {', '.join(taken_by) or 'no task'}"
    out.print(f"{escape(printable(answer['file']))}: {verdict}", soft_wrap=True)
    if answer["left_out"]:
        out.print(f"  [yellow]not captured[/]: no image of a well, says `names` of the folder {answer['folder']}")
    for name, value in answer["attributes"].items():
        out.print(f"  {name} = {escape(str(value))} [dim]({answer['read_by'][name]})[/]", soft_wrap=True)
    if not answer["attributes"]:
        out.print("  the name tells nothing")
    for misfit in answer["misfits"]:
        out.print(f"  [yellow]{escape(misfit)}[/]", soft_wrap=True)
    for task in answer["tasks"] or ():
        out.print(f"  {escape(task['description'])}: {escape(task['verdict'])}", soft_wrap=True)
    if taken_by is None:
        out.print(f"  {escape(answer['why_no_tasks'])} Start it with `labrelay up` to see the tasks.", soft_wrap=True)
