"""The command `labrelay`: thin commands over the same HTTP API that everybody has."""

import sys

import typer
from rich.console import Console

from labrelay.cli import (
    actions,
    audit,
    backup,
    config,
    demo,
    doctor,
    enroll,
    explain,
    first_look,
    jobs,
    model,
    pause,
    pipelines,
    recovery,
    replace,
    retention,
    review,
    run,
    serve,
    tasks,
    token,
    verdict,
)
from labrelay.cli.table import shown
from labrelay.errors import LabrelayError, ServiceUnavailable, SettingsInvalid
from labrelay.redaction import redacted

app = typer.Typer(
    name="labrelay",
    help="From a dropped plate to counted results beside the instrument.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for module in (
    demo,
    run,
    serve,
    jobs,
    recovery,
    verdict,
    actions,
    pause,
    pipelines,
    tasks,
    explain,
    first_look,
    model,
    review,
    doctor,
    backup,
    audit,
    retention,
    token,
    enroll,
    replace,
    config,
):
    module.add_to(app)


def main() -> None:
    """Run the command; an error says what happened and what to do, and sets the exit status.

    Exit status: 0 done, 1 failed, 2 wrong usage or settings, 3 partly failed, 4 a service can't be reached.
    """
    try:
        app()
    except LabrelayError as error:
        console = Console(stderr=True, highlight=False, soft_wrap=True)  # a path on two lines couldn't be copied
        console.print(f"[bold red]{error.code.replace('_', ' ')}[/]: {shown(redacted(error.cause))}")
        console.print(f"Next: {shown(redacted(error.next_step))}")
        sys.exit(_status(error))


def _status(error: LabrelayError) -> int:
    if isinstance(error, SettingsInvalid):
        return 2
    return 4 if isinstance(error, ServiceUnavailable) else 1
