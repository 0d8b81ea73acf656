"""An act on many jobs in the terminal: the preview, the question, the progress, and what was left alone."""

import sys
import time
from typing import Final, NamedTuple

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from labrelay.cli.jobs import out
from labrelay.cli.table import shown
from labrelay.contracts.actions import Action, ActionJob, ActionKind, ActionRequest
from labrelay.http.client import Client

PARTLY: Final = 3
LOOK_S: Final = 0.2
DOING: Final[dict[ActionKind, str]] = {
    "retry": "retrying",
    "reprocess": "reprocessing",
    "cancel": "cancelling",
    "accept": "accepting",
    "reject": "rejecting",
    "unsure": "marking as unsure",
}
WOULD: Final[dict[ActionKind, str]] = {"unsure": "mark as unsure"}


class Acting(NamedTuple):
    """How to go about it: without a question, only the preview, as JSON."""

    sure: bool
    dry_run: bool
    as_json: bool


def act(repository: Client, asked: ActionRequest, how: Acting) -> None:
    """Preview, ask, run, wait for the end. Exit status 3 where some jobs were left alone.

    Raises:
        typer.BadParameter: no job fits, or nobody is there to be asked.
    """
    found = Action.model_validate(repository.post("/api/v2/actions", asked.model_dump(mode="json")))
    if not how.as_json:
        print_preview(found, dry_run=how.dry_run)
    if not found.total:
        raise typer.BadParameter(f"no job fits that {asked.action} is for; `labrelay jobs --where …` lists jobs")
    if not how.dry_run:
        found = run(repository, found, sure=how.sure)
    if how.as_json:
        typer.echo(found.model_dump_json(indent=1))
    elif not how.dry_run:
        _print_end(found)
    if found.skipped:
        raise typer.Exit(PARTLY)


def run(repository: Client, found: Action, *, sure: bool) -> Action:
    """Let the repository do what was previewed, and wait for the end; Ctrl-C leaves it at work."""
    if not sure:
        _ask(found)
    body = {"actor": found.actor, "reason": found.reason}
    found = Action.model_validate(repository.post(f"/api/v2/actions/{found.id}/run", body))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task(DOING[found.action], total=found.total)
        while found.state == "running":
            progress.update(bar, completed=found.total - found.waiting)
            time.sleep(LOOK_S)
            found = Action.model_validate(repository.get(f"/api/v2/actions/{found.id}"))
    return found


def print_preview(found: Action, *, dry_run: bool = False) -> None:
    """What would be done, by cause and instrument, and what would happen to the first jobs."""
    doing = f"would {WOULD.get(found.action, found.action)}" if dry_run else DOING[found.action]
    for each in found.first:
        out.print(f"{doing} {each.job_id[:8]} {shown(each.path)}: {shown(each.told)}")
    if found.total > len(found.first):
        out.print(f"… and {found.total - len(found.first):,} more")
    out.print(f"{found.total:,} jobs: {_counts({stage.value: count for stage, count in found.stages.items()})}")
    if len(found.instruments) > 1 or found.total > 1:
        out.print(f"from {_counts(dict(found.instruments))}")
    for cause in found.causes:
        hint = "" if cause.retryable is not False or found.action != "retry" else " [yellow]a retry alone won't help[/]"
        out.print(f"  {cause.count:,} × {escape(cause.code)}: {shown(cause.cause)}{hint}")
    if found.left_out:
        out.print(f"[dim]left out: {_counts(dict(found.left_out))}[/]")
    if dry_run and found.total:
        out.print(f"[dim]nothing was done; exactly this: `labrelay action run {found.id[:8]}`[/]")


def _ask(found: Action) -> None:
    if not sys.stdin.isatty():
        raise typer.BadParameter("nobody is there to be asked: add --yes (or --dry-run to look only)")
    if not typer.confirm(f"{WOULD.get(found.action, found.action)} these {found.total:,} jobs?", err=True):
        raise typer.Abort


def _print_end(found: Action) -> None:
    out.print(f"{found.done:,} of {found.total:,} done{f', {found.skipped:,} left alone' if found.skipped else ''}")
    for each in found.skips:
        out.print(_skip(each))
    if found.skipped > len(found.skips):
        out.print(f"… and {found.skipped - len(found.skips):,} more (`labrelay action show {found.id[:8]}`)")


def _skip(job: ActionJob) -> str:
    return f"[yellow]left alone[/] {job.job_id[:8]} {shown(job.path)}: {shown(job.told)}"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {escape(name.replace('_', ' '))}" for name, count in counts.items()) or "none"
