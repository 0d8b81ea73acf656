"""`token create|list|revoke`: who may call this gateway."""

import time
from datetime import UTC, datetime
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.table import Table

from labrelay.access.roles import Role
from labrelay.cli.access import actor, tokens_of
from labrelay.cli.jobs import Json, out
from labrelay.cli.serve import Config
from labrelay.cli.table import shown
from labrelay.contracts.access import Token, TokenDraft
from labrelay.settings import load_settings

group = typer.Typer(no_args_is_help=True, help="Who may call this gateway.")
Days = Annotated[float | None, typer.Option(help="Ends by itself after so many days (default: when it is revoked).")]
Replace = Annotated[bool, typer.Option("--replace", help="Revoke the earlier ones of the same holder.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    group.command("create")(create)
    group.command("list")(list_tokens)
    group.command("revoke")(revoke)
    app.add_typer(group, name="token")


def create(
    role: Annotated[str, typer.Option(help="viewer, operator, admin, instrument or pipeline.")],
    subject: Annotated[str, typer.Option("--for", help="The person, the instrument or the pipeline's topic.")],
    days: Days = None,
    replace: Replace = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Make a token; it is shown this once. Works before the first start of the gateway, too."""
    draft = draft_of(role, subject, days, replace=replace)
    with tokens_of(load_settings(config)) as tokens:
        made = tokens.create(draft, actor())
    if as_json:
        typer.echo(made.model_dump_json(indent=1))
        return
    typer.echo(made.text)
    typer.echo(f"It is shown this once. To end it: labrelay token revoke {made.token.id}", err=True)


def list_tokens(
    every: Annotated[bool, typer.Option("--all", help="Also those that hold no more.")] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """List tokens: whose they are, since when, and when they were last used."""
    with tokens_of(load_settings(config)) as store:
        now = time.time_ns()
        tokens = [token for token in store.all() if every or token.holds(now)]
    if as_json:
        typer.echo(f"[{', '.join(token.model_dump_json() for token in tokens)}]")
        return
    table = Table("token", "role", "for", "made", "last used", "ends", box=None)
    for token in tokens:
        made = f"{_day(token.created_ns)} by {shown(token.created_by)}"
        table.add_row(token.id, token.role, shown(token.subject), made, _day(token.used_ns) or "never", _end(token))
    out.print(table)


def revoke(
    token_id: Annotated[str, typer.Argument(help="The token's id, as `labrelay token list` shows it.")],
    config: Config = None,
) -> None:
    """End a token; whoever holds it is refused within seconds."""
    with tokens_of(load_settings(config)) as tokens:
        ended = tokens.revoke(token_id, actor())
    out.print(f"revoked {ended.id} ({ended.role} {shown(ended.subject)})")


def draft_of(role: str, subject: str, days: float | None, *, replace: bool) -> TokenDraft:
    """What is asked for.

    Raises:
        BadParameter: there is no such role, or nobody can be called so.
    """
    try:
        return TokenDraft.model_validate({"role": role, "subject": subject, "days": days, "replace": replace})
    except ValidationError as error:
        known = ", ".join(each for each in Role if each not in (Role.SERVICE, Role.ANYONE))
        cause = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        raise typer.BadParameter(f"{cause} (roles: {known})") from error


def _day(moment_ns: int | None) -> str:
    return "" if moment_ns is None else f"{datetime.fromtimestamp(moment_ns / 1e9, UTC).astimezone():%Y-%m-%d %H:%M}"


def _end(token: Token) -> str:
    if token.revoked_ns is not None:
        return f"revoked {_day(token.revoked_ns)} by {shown(token.revoked_by)}"
    return _day(token.expires_ns) or "–"
