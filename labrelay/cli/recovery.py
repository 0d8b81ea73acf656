"""`retry`, `reprocess`, `cancel`: jobs by id, plate or filter. First a preview, then exactly that."""

from pathlib import Path
from typing import Annotated

import typer

from labrelay.cli.acting import Acting, act
from labrelay.cli.choice import Plate, Where, chosen
from labrelay.cli.jobs import Json
from labrelay.cli.pause import By, line, user
from labrelay.cli.serve import Config
from labrelay.contracts.actions import ActionKind, ActionRequest
from labrelay.contracts.filters import JobFilter
from labrelay.http.client import Client
from labrelay.settings import load_settings

Jobs = Annotated[list[str] | None, typer.Argument(metavar="JOB…", help="Jobs, by id or its first characters.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show the preview.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]
Reason = Annotated[str, typer.Option(help="Why; it stands in the record.")]
AllFailed = Annotated[bool, typer.Option("--all-failed", help="Every failed job.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    for command in (retry, reprocess, cancel):
        app.command()(command)


def retry(
    jobs: Jobs = None,
    where: Where = "",
    plate: Plate = None,
    all_failed: AllFailed = False,
    reason: Reason = "",
    by: By = "",
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Try failed jobs once more, as they were matched then."""
    wanted = chosen(where, job=jobs, plate=plate, stage=["failed"] if all_failed else None)
    begin("retry", wanted, reason, by, config, Acting(bool(jobs) or yes, dry_run, as_json))


def reprocess(
    jobs: Jobs = None,
    where: Where = "",
    plate: Plate = None,
    reason: Reason = "",
    by: By = "",
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Begin ended jobs again with today's tasks; a plate's table, named by its id, is sent once more."""
    wanted = chosen(where, job=jobs, plate=plate)
    begin("reprocess", wanted, reason, by, config, Acting(bool(jobs) or yes, dry_run, as_json))


def cancel(
    jobs: Jobs = None,
    where: Where = "",
    plate: Plate = None,
    reason: Reason = "",
    by: By = "",
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """End jobs that are on their way."""
    wanted = chosen(where, job=jobs, plate=plate)
    begin("cancel", wanted, reason, by, config, Acting(bool(jobs) or yes, dry_run, as_json))


def begin(action: ActionKind, wanted: JobFilter, reason: str, by: str, config: Path | None, how: Acting) -> None:
    """Preview an act on these jobs, and do it.

    Raises:
        typer.BadParameter: no job is named.
    """
    if not wanted.pairs:
        raise typer.BadParameter("say which jobs: JOB…, --plate NAME or --where 'stage=failed since=2h'")
    asked = ActionRequest(action=action, filter=wanted, actor=line(by or user()), reason=line(reason))
    act(Client.of(load_settings(config), "job_repository"), asked, how)
