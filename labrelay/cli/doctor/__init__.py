"""`doctor`: looks at the machine and the running system; each finding says why it matters and what to do."""

import json
from collections.abc import Callable, Iterable
from typing import Annotated, Final

import typer
from rich.markup import escape

from labrelay.cli.doctor import instruments, jobs, leftovers, machine, pipelines, services, stores
from labrelay.cli.doctor.finding import Finding, Severity
from labrelay.cli.doctor.patient import Patient
from labrelay.cli.jobs import Json, out
from labrelay.cli.serve import Config
from labrelay.settings import load_settings

Deep = Annotated[bool, typer.Option("--deep", help="Also read every sealed output and compare its digest.")]
Check = Callable[[Patient], Iterable[Finding]]
CHECKS: Final[tuple[Check, ...]] = (
    *(machine.packages, machine.folders, machine.disks, machine.quarrels),
    *(services.services, services.models, services.other_side),
    *(instruments.pauses, instruments.silent, instruments.watched, instruments.way_to_the_gateway),
    *(pipelines.absent, pipelines.failing, pipelines.queue),
    *(jobs.failed, jobs.overdue, jobs.unattended),
    *(stores.live_store, stores.record, stores.epoch, stores.backup),
    *(leftovers.temporary, leftovers.orphans, leftovers.missing, leftovers.sealed),
)
_COLOURS: Final = {Severity.OK: "green", Severity.NOTE: "cyan", Severity.LOOK: "yellow", Severity.BROKEN: "red"}


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(doctor)


def doctor(deep: Deep = False, as_json: Json = False, config: Config = None) -> None:
    """Check this machine and what runs on it; exit status 1 if something needs a person."""
    patient = Patient(load_settings(config), deep=deep)
    findings = [finding for check in CHECKS for finding in check(patient)]
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
