"""`action list|show|run|stop`: acts on many jobs that were previewed or begun."""

from typing import Annotated

import typer
from rich.table import Table

from labrelay.cli.acting import print_preview
from labrelay.cli.acting import run as carry_out
from labrelay.cli.jobs import Json, out
from labrelay.cli.pause import user
from labrelay.cli.serve import Config
from labrelay.cli.table import shown
from labrelay.contracts.actions import Action, ActionJobPage
from labrelay.http.client import Client
from labrelay.settings import load_settings

Id = Annotated[str, typer.Argument(metavar="ACTION", help="The action, by id or its first characters.")]
group = typer.Typer(no_args_is_help=True, help="Previews and acts on many jobs: how far they have come.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    for name, command in (("list", list_actions), ("show", show), ("run", run), ("stop", stop)):
        group.command(name)(command)
    app.add_typer(group, name="action")


def list_actions(as_json: Json = False, config: Config = None) -> None:
    """List actions and previews, newest first."""
    found = _all(Client.of(load_settings(config), "job_repository"))
    if as_json:
        typer.echo(f"[{', '.join(each.model_dump_json() for each in found)}]")
        return
    table = Table("action", "does", "which jobs", "state", "done", "left alone", "of", "by", box=None)
    for each in found:
        counts = (str(each.done), str(each.skipped), str(each.total))
        table.add_row(each.id[:8], each.action, shown(each.where), each.state, *counts, shown(each.actor))
    out.print(table)


def show(action: Id, as_json: Json = False, config: Config = None) -> None:
    """Show one action, and every job that it left alone."""
    repository = Client.of(load_settings(config), "job_repository")
    found = _one(repository, action)
    if as_json:
        typer.echo(found.model_dump_json(indent=1))
        return
    print_preview(found, dry_run=found.state == "previewed")
    words = f"{found.state}: {found.done:,} done, {found.skipped:,} left alone, {found.waiting:,} to come"
    out.print(f"{words}, by {shown(found.actor)}{': ' if found.reason else ''}{shown(found.reason)}")
    for line in _left_alone(repository, found):
        out.print(line)


def run(action: Id, config: Config = None) -> None:
    """Do exactly what was previewed."""
    repository = Client.of(load_settings(config), "job_repository")
    found = carry_out(repository, _one(repository, action), sure=True)
    out.print(f"{found.done:,} of {found.total:,} done, {found.skipped:,} left alone")
    if found.skipped:
        raise typer.Exit(3)


def stop(action: Id, config: Config = None) -> None:
    """Leave alone the jobs that it hasn't come to."""
    repository = Client.of(load_settings(config), "job_repository")
    stopped = repository.post(f"/api/v2/actions/{_one(repository, action).id}/stop", {"actor": user()})
    found = Action.model_validate(stopped)
    out.print(f"{found.state}: {found.done:,} of {found.total:,} done")


def _all(repository: Client) -> list[Action]:
    items = repository.get("/api/v2/actions", params={"limit": 200})["items"]
    return [Action.model_validate(each) for each in items]


def _one(repository: Client, begun: str) -> Action:
    found = [each for each in _all(repository) if begun and each.id.startswith(begun)]
    if len(found) != 1:
        raise typer.BadParameter(f"{len(found)} actions begin with {begun!r}; `labrelay action list` shows them")
    return found[0]


def _left_alone(repository: Client, found: Action) -> list[str]:
    lines: list[str] = []
    after: int | None = -1
    while found.skipped and after is not None:
        asked = {"outcome": "skipped", "limit": 1000, "after": after}
        page = ActionJobPage.model_validate(repository.get(f"/api/v2/actions/{found.id}/jobs", params=asked))
        lines += [f"left alone {each.job_id} {shown(each.path)}: {shown(each.told)}" for each in page.items]
        after = page.next
    return lines
