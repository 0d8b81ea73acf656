"""`model list|show|evaluate|verify|card|encrypt`: the networks that count, and whether they can be trusted."""

import json
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape
from rich.table import Column, Table

from labrelay import supervisor
from labrelay.cli.jobs import Json, out
from labrelay.cli.serve import Config
from labrelay.cli.table import shown
from labrelay.contracts.models import ModelCheck, ModelEntry
from labrelay.errors import SettingsInvalid
from labrelay.settings import Settings, load_settings

Model = Annotated[str, typer.Argument(metavar="NAME|FOLDER", help="A model by its name, or its package's folder.")]
Named = Annotated[list[str] | None, typer.Option(metavar="NAME=FILE", help="An evaluation; repeatable.")]
group = typer.Typer(no_args_is_help=True, help="The networks that count, and whether they can be trusted.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    group.command("list")(list_models)
    group.command("show")(show)
    group.command("evaluate")(evaluate)
    group.command("verify")(verify)
    group.command("card")(card)
    group.command("encrypt")(encrypt)
    app.add_typer(group, name="model")


def list_models(as_json: Json = False, config: Config = None) -> None:
    """List the models that ship, that the settings name, and that lie in the data folder."""
    entries: list[ModelEntry] = _models().listed(load_settings(config))
    if as_json:
        typer.echo(json.dumps([entry.model_dump(mode="json") for entry in entries], indent=1))
        return
    table = Table("model", "version", "precision", "finds", "digest", Column("where", overflow="fold"), box=None)
    for entry in entries:
        words = entry.key, entry.version, entry.precision, ", ".join(entry.classes), entry.digest[:12]
        table.add_row(*map(shown, words), f"{shown(_place(entry))}{_notes(entry)}")
    out.print(table)


def show(model: Model, as_json: Json = False, config: Config = None) -> None:
    """Show a model's card."""
    models, folder = _found(model, load_settings(config))
    if as_json:
        typer.echo(models.entry(folder).model_dump_json(indent=1))
        return
    Console().print(Markdown(models.shown_card(folder)))


def evaluate(
    model: Model,
    data: Annotated[Path, typer.Option(help="Folder with images/ and labels/, or above such.")],
    part: Annotated[str, typer.Option(help="Sub-folder to measure on, where DATA itself has no images/.")] = "val",
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write all scores to this file.")] = None,
    config: Config = None,
) -> None:
    """Measure a model on labelled images, with the code that the pipeline runs."""
    _, folder = _found(model, load_settings(config))
    words = ["evaluate", "--model", str(folder), "--data", str(data), "--part", part]
    loaded(supervisor.EVALUATION).main(words + (["--json", str(json_file)] if json_file else []))


def verify(model: Model, as_json: Json = False, config: Config = None) -> None:
    """Check a model from model.toml to a trial image; exit status 1 if something is wrong."""
    models, folder = _found(model, load_settings(config))
    checks: list[ModelCheck] = models.checks(folder)
    if as_json:
        typer.echo(json.dumps([check.model_dump(mode="json") for check in checks], indent=1))
    else:
        for check in checks:
            _print_check(check)
    if not all(check.well for check in checks):
        raise typer.Exit(1)


def card(
    model: Model,
    evaluation: Named = None,
    precision: Named = None,
    write: Annotated[bool, typer.Option("--write", help="Put it into the package as MODEL_CARD.md.")] = False,
    config: Config = None,
) -> None:
    """Make a model's card from model.toml and evaluations (--evaluation val=val.json, --precision INT8=int8.json)."""
    models, folder = _found(model, load_settings(config))
    text: str = models.made_card(folder, _named(evaluation), _named(precision))
    if write:
        out.print(f"written: {escape(str(models.write_card(folder, text)))}", soft_wrap=True)
    else:
        typer.echo(text, nl=False)


def encrypt(
    folder: Annotated[Path, typer.Argument(help="The package to encrypt.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="A new folder for the encrypted package.")],
    key_file: Annotated[Path | None, typer.Option(help="File with the key; else LABRELAY_MODEL_KEY.")] = None,
    new_key: Annotated[Path | None, typer.Option(help="Make a key and write it to this new file.")] = None,
) -> None:
    """Write an encrypted copy of a model package, which loads only where its key is."""
    if key_file is not None and new_key is not None:
        raise typer.BadParameter("--key-file and --new-key exclude each other")
    entry: ModelEntry = _models().encrypted(folder, target, key_file, new_key)
    told = f"{target}: {entry.name} {entry.version}, key {entry.key_id}"
    out.print(escape(told), soft_wrap=True)
    if new_key is not None:
        out.print(f"The key is in {escape(str(new_key))}; without it the model is lost. Keep a copy elsewhere.")


def _found(model: str, settings: Settings) -> tuple[Any, Path]:
    models = _models()
    return models, models.found(settings, model)


def _models() -> Any:
    return loaded(supervisor.MODELS)


def loaded(module: str) -> Any:
    """A module of the pipelines, which the light install leaves out.

    Raises:
        SettingsInvalid: its extra isn't installed.
    """
    missing = [name for name in ("openvino", "cv2", "skimage", "cryptography") if find_spec(name) is None]
    if missing:
        step = "Install it: pip install 'labrelay[pipelines]'."
        raise SettingsInvalid(f"Models need {', '.join(missing)}.", next_step=step)
    return import_module(module)


def _named(pairs: list[str] | None) -> dict[str, Path]:
    named = {}
    for pair in pairs or []:
        name, equals, file = pair.partition("=")
        if not equals:
            raise typer.BadParameter(f"{pair!r} isn't NAME=FILE")
        named[name] = Path(file)
    return named


def _place(entry: ModelEntry) -> str:
    return entry.origin if entry.origin == "shipped" else entry.folder


def _notes(entry: ModelEntry) -> str:
    notes = [f"encrypted, key {entry.key_id}"] if entry.key_id else []
    notes += [] if entry.card or entry.problem else ["no card"]
    words = f", [dim]{', '.join(notes)}[/]" if notes else ""
    return words + (f", [red]{shown(entry.problem)}[/]" if entry.problem else "")


def _print_check(check: ModelCheck) -> None:
    mark = {True: "[green]✓[/]", False: "[red]✗[/]", None: "[dim]–[/]"}[check.well]
    detail = "not looked at" if check.well is None else shown(check.detail)
    out.print(f"{mark} {check.check}: {detail}", soft_wrap=True)
    if check.well is False:
        out.print(f"  next: {shown(check.next_step)}", soft_wrap=True)
