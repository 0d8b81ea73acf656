"""`review export`: what people accepted becomes a training set."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from labrelay import supervisor
from labrelay.cli.choice import Plate, Where, chosen
from labrelay.cli.jobs import Json, out
from labrelay.cli.model import loaded
from labrelay.cli.serve import Config
from labrelay.cli.table import shown
from labrelay.cli.training_set import LeftOut, TrainingSet
from labrelay.contracts.filters import JobFilter
from labrelay.contracts.reviews import Reviewed, ReviewedPage
from labrelay.contracts.verdicts import MOST_ASKED, Judgement
from labrelay.http.client import Client
from labrelay.settings import load_settings

PAGE: Final = 200
NOTHING: Final = 2
PARTLY: Final = 3
group = typer.Typer(no_args_is_help=True, help="What people say of results.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    group.callback()(lambda: None)
    group.command("export")(export)
    app.add_typer(group, name="review")


def export(
    to: Annotated[Path, typer.Option("--to", help="Folder for images/, labels/ and manifest.json.")],
    where: Where = "",
    plate: Plate = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Make a training set of accepted images: each with its label mask, without the objects that don't count.

    Run it again to go on or to bring the set up to date: what is there already is left, and images whose verdict was
    taken back go. Exit status 2 if nothing was accepted, 3 if an accepted image can't be part of the set.
    """
    wanted, settings = chosen(where, plate=plate), load_settings(config)
    repository = Client.of(settings, "job_repository")
    training = TrainingSet(to, Client.of(settings, "file_sender_gateway"), loaded(supervisor.CORRECTIONS).without)
    told = _exported(repository, training, wanted)
    if as_json:
        typer.echo(json.dumps(told, indent=1))
    else:
        _print(told, to)
    if not (told["images"] or told["left_out"]):
        raise typer.Exit(NOTHING)
    if told["left_out"]:
        raise typer.Exit(PARTLY)


def _exported(repository: Client, training: TrainingSet, wanted: JobFilter) -> dict[str, Any]:
    written, left_out, accepted = 0, [], list(_accepted(repository, wanted))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, console=Console(stderr=True)) as progress:
            for item in progress.track(accepted, description="accepted images"):
                try:
                    written += training.add(item)
                except LeftOut as reason:
                    left_out.append(reason.cause)
        gone = _withdrawn(repository, set(training.jobs) - {item.job.id for item in accepted})
        for job_id in gone:
            training.drop(job_id)
    finally:
        if training.jobs or accepted:
            training.save()
    return {"images": len(training.jobs), "written": written, "removed": len(gone), "left_out": left_out}


def _accepted(repository: Client, wanted: JobFilter) -> Iterator[Reviewed]:
    asked = [*wanted.pairs, ("verdict", Judgement.ACCEPT.value), ("limit", str(PAGE))]
    after: list[tuple[str, str]] = []
    while True:
        answer = repository.get("/api/v2/reviews", params=[*asked, *after])
        page = ReviewedPage.model_validate(answer, extra="ignore")
        yield from page.items
        if page.next is None:
            return
        after = [("after", str(page.next))]


def _withdrawn(repository: Client, ids: set[str]) -> list[str]:
    """Those of other images of the set that nobody accepts any more; ids that the repository doesn't know stay."""
    found: list[str] = []
    ordered = sorted(ids)
    for start in range(0, len(ordered), MOST_ASKED):
        some = ",".join(ordered[start : start + MOST_ASKED])
        items = repository.get("/api/v2/verdicts", params={"ids": some})["items"]
        found += [each["job_id"] for each in items if each["verdict"] != Judgement.ACCEPT]
    return found


def _print(told: dict[str, Any], to: Path) -> None:
    for cause in told["left_out"]:
        out.print(f"[yellow]left out[/]  {shown(cause)}", soft_wrap=True)
    if not told["images"]:
        out.print("No accepted image fits. Accept some on the dashboard's page Review first.")
        return
    removed = f", {told['removed']} removed" if told["removed"] else ""
    out.print(f"{told['images']} images in {shown(str(to))}: {told['written']} written now{removed}", soft_wrap=True)
    out.print(f"Next: labrelay model evaluate nuclei --data {shown(str(to))}", soft_wrap=True)
