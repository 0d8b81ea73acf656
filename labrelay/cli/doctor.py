"""`doctor`: what the doctor finds, on the terminal."""

import json
from typing import Annotated, Final

import typer
from rich.markup import escape

from labrelay.cli.jobs import Json, out
from labrelay.cli.serve import Config
from labrelay.doctor import examine
from labrelay.doctor.finding import Finding, Severity
from labrelay.doctor.patient import Patient
from labrelay.settings import load_settings

Deep = Annotated[bool, typer.Option("--deep", help="Also read every sealed output and compare its digest.")]
_COLOURS: Final = {Severity.OK: "green", Severity.NOTE: "cyan", Severity.LOOK: "yellow", Severity.BROKEN: "red"}


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(doctor)


def doctor(deep: Deep = False, as_json: Json = False, config: Config = None) -> None:
    """Check this machine and what runs on it; exit status 1 if something needs a person."""
    findings = examine(Patient(load_settings(config), deep=deep))
    if as_json:
        typer.echo(json.dumps([finding.document for finding in findings], indent=1))
    else:
        for finding in findings:
            _show(finding)
    if not all(finding.well for finding in findings):
        raise typer.Exit(1)


def _show(finding: Finding) -> None:
    word = f"[{_COLOURS[finding.severity]}]{finding.severity.value:6}[/]"
    out.print(f"{word} {escape(finding.check)}: {escape(finding.detail)}")
    if finding.severity is not Severity.OK:
        out.print(f"       next: {escape(finding.next_step)}")
        if finding.command:
            out.print(f"       command: {escape(finding.command)}", soft_wrap=True)
