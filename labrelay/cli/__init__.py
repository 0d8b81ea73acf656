"""The command `labrelay`: thin commands over the same HTTP API that everybody has."""

import sys

import typer
from rich.console import Console
from rich.markup import escape

from labrelay.cli import config, demo, doctor, explain, first_look, jobs, model, pause, run, serve, tasks
from labrelay.errors import LabrelayError, ServiceUnavailable, SettingsInvalid

app = typer.Typer(
    name="labrelay",
    help="From a dropped plate to counted results beside the instrument.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for module in (demo, run, serve, jobs, pause, tasks, explain, first_look, model, doctor, config):
    module.add_to(app)


def main() -> None:
    """Run the command; an error says what happened and what to do, and sets the exit status.

    Exit status: 0 done, 1 failed, 2 wrong usage or settings, 3 partly failed, 4 a service can't be reached.
    """
    try:
        app()
    except LabrelayError as error:
        console = Console(stderr=True, highlight=False, soft_wrap=True)  # a path on two lines couldn't be copied
        console.print(f"[bold red]{error.code.replace('_', ' ')}[/]: {escape(error.cause)}")
        console.print(f"Next: {escape(error.next_step)}")
        sys.exit(_status(error))


def _status(error: LabrelayError) -> int:
    if isinstance(error, SettingsInvalid):
        return 2
    return 4 if isinstance(error, ServiceUnavailable) else 1
