"""`verdict accept|reject|unsure`: what you think of many results. First a preview, then exactly that."""

from enum import StrEnum
from typing import Annotated

import typer

from labrelay.cli.acting import Acting
from labrelay.cli.choice import Plate, Where, chosen
from labrelay.cli.jobs import Json
from labrelay.cli.pause import By
from labrelay.cli.recovery import DryRun, Jobs, Reason, Yes, begin
from labrelay.cli.serve import Config


class Given(StrEnum):
    """Verdicts that many jobs can be given at once."""

    ACCEPT = "accept"
    REJECT = "reject"
    UNSURE = "unsure"


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(verdict)


def verdict(
    given: Annotated[Given, typer.Argument(metavar="accept|reject|unsure", help="What you think of the results.")],
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
    """Accept or reject results, or say that you are unsure; jobs without results are left out, no output changes."""
    wanted = chosen(where, job=jobs, plate=plate)
    begin(given.value, wanted, reason, by, config, Acting(bool(jobs) or yes, dry_run, as_json))
