"""Which jobs a command means: `--where`, and options for what is named most often."""

from typing import Annotated

import typer

from labrelay.contracts.filters import NAMES, JobFilter

Where = Annotated[
    str,
    typer.Option(
        help=f"NAME=VALUE for each condition, e.g. 'stage=failed plate=P7 since=2h'. Names: {', '.join(NAMES)}."
    ),
]
Plate = Annotated[list[str] | None, typer.Option("--plate", help="Jobs of this plate, by its name; repeatable.")]


def chosen(where: str, **named: list[str] | None) -> JobFilter:
    """The filter of `--where` and of further values by name.

    Raises:
        FilterInvalid: one of them makes no sense.
    """
    given = JobFilter.parse(where)
    if not any(named.values()):
        return given
    words = {name: values for name, values in named.items() if values}
    return JobFilter.of([*given.pairs, *((name, value) for name, values in words.items() for value in values)])
