"""`enroll INSTRUMENT`: a token for an instrument's PC, and the lines for its settings."""

from pathlib import Path
from typing import Annotated, Final

import typer

from labrelay.access.roles import Role
from labrelay.cli.access import actor, tokens_of
from labrelay.cli.serve import Config
from labrelay.cli.token import Days, Replace, draft_of
from labrelay.errors import SettingsInvalid
from labrelay.settings import Settings, load_settings

TOKEN_FILE: Final = "labrelay-token.txt"  # noqa: S105 - a file's name


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(enroll)


def enroll(
    instrument: Annotated[str, typer.Argument(help="The instrument's name, as it shall stand everywhere.")],
    gateway: Annotated[str, typer.Option(help="How its PC calls this gateway, e.g. https://gateway.lab:59700.")] = "",
    to: Annotated[Path | None, typer.Option(help="Write the token there, readable by you alone.")] = None,
    days: Days = None,
    replace: Replace = False,
    config: Config = None,
) -> None:
    """Let an instrument in: make its token and print what its PC needs. Once more with --replace for a new token."""
    settings = load_settings(config)
    draft = draft_of(Role.INSTRUMENT, instrument, days, replace=replace)
    if to is not None and to.exists():
        raise SettingsInvalid(f"{to} is there already.", next_step="Name a file that isn't, or remove it first.")
    with tokens_of(settings) as tokens:
        made = tokens.create(draft, actor())
    typer.echo("\n".join(_lines(instrument, gateway or _address(settings), settings)))
    if to is not None:
        to.touch(mode=0o600)
        to.write_text(made.text + "\n", encoding="ascii")
        typer.echo(f"\n# The token lies in {to}; bring it to the PC as {TOKEN_FILE}, readable by labrelay alone.")
        return
    typer.echo(f"\n# {TOKEN_FILE} holds this one line (it is shown this once):\n{made.text}")


def _address(settings: Settings) -> str:
    scheme = "https" if settings.access.proxy else settings.access.scheme
    return f"{scheme}://{settings.advertise}:{settings.ports.edge}"


def _lines(instrument: str, gateway: str, settings: Settings) -> list[str]:
    lines = [
        f"# On the PC of {instrument}, in labrelay.toml:",
        "[oem]",
        f'instrument = "{instrument}"',
        f'edge_url = "{gateway}"',
        f'token_file = "{TOKEN_FILE}"',
    ]
    if settings.access.certificate is not None or settings.access.proxy:
        lines += ["", "[oem.tls]", 'ca = "gateway-ca.pem"      # who signed the gateway\'s certificate']
    return lines
