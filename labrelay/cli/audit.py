"""`audit verify`: was the record changed, cut or set back? Also for somebody who only holds receipts."""

import json
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.markup import escape

from labrelay import supervisor
from labrelay.cli.jobs import Json, out
from labrelay.cli.serve import Config
from labrelay.contracts.audit import KeptReceipt, Witness
from labrelay.heads import kept_heads
from labrelay.http.client import Client
from labrelay.layout import OemLayout
from labrelay.receipts import kept_receipts
from labrelay.settings import load_settings

LONGEST_S: Final = 3600.0
AT_ONCE: Final = 5000
"""Receipts in one call."""
Receipts = Annotated[
    Path | None, typer.Option(help="The data folder of an instrument's side (with receipts.db and heads/), or a copy.")
]
RecordFile = Annotated[str, typer.Option("--record", help="A record.db (or a database's URL) that nobody serves.")]
Secrets = Annotated[Path | None, typer.Option(help="With --record: the gateway's secrets, to check signatures too.")]
group = typer.Typer(no_args_is_help=True, help="Look whether the record was tampered with.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    group.command("verify")(verify)
    group.callback()(_group)
    app.add_typer(group, name="audit")


def _group() -> None:
    """Look whether the record was tampered with."""


def verify(
    receipts: Receipts = None,
    record: RecordFile = "",
    secrets: Secrets = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Verify the audit chain; exit status 1 if anything isn't as it was written."""
    witness = _witness(receipts)
    if record:
        verdict = import_module(supervisor.AUDIT).verify_file(record, secrets, witness)
    else:
        verdict = _ask(Client.of(load_settings(config), "job_repository"), witness)
    if as_json:
        typer.echo(json.dumps(verdict, indent=1))
    else:
        _show(verdict)
    if not verdict["intact"]:
        raise typer.Exit(1)


def _ask(repository: Client, witness: Witness) -> dict[str, Any]:
    """The verdict of a running gateway, which gets many receipts piece by piece and walks the chain once."""
    pieces = [witness.receipts[first : first + AT_ONCE] for first in range(0, len(witness.receipts), AT_ONCE)] or [()]
    verdict: dict[str, Any] = {}
    for number, piece in enumerate(pieces):
        asked = witness.model_copy(update={"receipts": piece, "walk": number == 0})
        told = repository.post("/api/v2/audit/verify", asked.model_dump(mode="json"), read_s=LONGEST_S)
        verdict = _joined(verdict, told) if verdict else told
    return verdict


def _joined(one: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    sums = {name: one[name] + more[name] for name in ("findings", "left_out", "witnessed", "unconfirmed")}
    return {**one, **sums, "intact": one["intact"] and more["intact"]}


def _witness(folder: Path | None) -> Witness:
    if folder is None:
        return Witness()
    layout = OemLayout(folder / "oem" if (folder / "oem").is_dir() else folder)
    if not (layout.receipts.is_file() or layout.heads.is_dir()):
        raise typer.BadParameter(f"{folder} has neither receipts.db nor heads; name the data folder of an OEM side")
    return Witness(heads=tuple(kept_heads(layout.heads)), receipts=_receipts(layout))


def _receipts(layout: OemLayout) -> tuple[KeptReceipt, ...]:
    return tuple(kept_receipts(layout.receipts)) if layout.receipts.is_file() else ()


def _show(verdict: dict[str, Any]) -> None:
    state = "[green]intact[/]" if verdict["intact"] else "[red]not intact[/]"
    out.print(f"{state}: {verdict['rows']:,} rows of the audit, each covered by the next")
    if verdict["pruned_through"]:
        out.print(f"rows up to {verdict['pruned_through']:,} were pruned by a rule; a signed marker says so")
    for number in verdict["restores"]:
        out.print(f"row {number:,}: the record was restored from a backup")
    if verdict["witnessed"] or verdict["unconfirmed"]:
        gone = f", {verdict['unconfirmed']:,} are older than what is on record" if verdict["unconfirmed"] else ""
        out.print(f"{verdict['witnessed']:,} heads and receipts agree{gone}")
    for finding in verdict["findings"]:
        out.print(f"[red]{finding['kind']}[/] row {finding['number']}: {escape(finding['detail'])}")
    if not verdict["intact"]:
        out.print("Next: keep copies of the record, its secrets and the receipts as they are, and ask who had access.")
