"""`replace`: another PC takes an instrument's place."""

from typing import Annotated
from urllib.parse import quote

import typer

from labrelay.cli.jobs import out
from labrelay.cli.serve import Config
from labrelay.http.client import Client
from labrelay.settings import load_settings


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(replace)


def replace(
    instrument: Annotated[str, typer.Argument(help="The instrument's name, as its own settings have it.")],
    config: Config = None,
) -> None:
    """On the gateway: let another PC, or one that was set up anew, send as this instrument.

    Stop the old one first: whichever calls next holds the name.
    """
    repository = Client.of(load_settings(config), "job_repository")
    repository.delete(f"/api/v2/instruments/{quote(instrument, safe='')}/installation")
    out.print(f"The next PC that calls as {instrument} takes its place.")
