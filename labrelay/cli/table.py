"""The report as a table for people."""

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from labrelay.contracts.states import Stage
from labrelay.report import Report


def print_report(report: Report, output: Path, title: str, *, well: bool) -> None:
    """Print the table, then what failed and why, and whether all is well."""
    console = Console(highlight=False)
    table = Table(title=title, box=None, show_header=False, title_justify="left")
    for name, value in _rows(report, output):
        table.add_row(name, value)
    console.print(table)
    for failure in report.failed[:20]:
        console.print(f"[red]{shown(failure.file)}[/]: {shown(failure.cause)} Next: {shown(failure.next_step)}")
    for file in report.unmatched[:20]:
        console.print(f"[yellow]{shown(file)}[/]: no task takes it")
    console.print("[bold green]all is well[/]" if well else "[bold red]not all is well[/]")


def shown(text: str) -> str:
    """Text from files and pipelines, without what a terminal or rich would take for an order."""
    return escape("".join(char if char.isprintable() else ascii(char)[1:-1] for char in text))


def _rows(report: Report, output: Path) -> list[tuple[str, str]]:
    latency = report.latency_s
    return [
        ("images", str(report.images)),
        ("jobs", str(report.jobs)),
        ("complete", str(report.complete)),
        ("failed", str(len(report.failed))),
        ("unmatched", str(len(report.unmatched))),
        *([("plate tables", _tables(report))] if report.tables else []),
        ("lost", str(report.lost)),
        ("doubled", str(report.doubled)),
        ("counted", _counted(report)),
        ("speed", f"{report.images_per_s:.2f} images/s, {report.bytes / 1e6:.1f} MB in {report.wall_s:.1f} s"),
        ("latency", f"p50 {latency.p50:.2f} s, p95 {latency.p95:.2f} s, max {latency.max:.2f} s"),
        ("results", str(output)),
    ]


def _tables(report: Report) -> str:
    there = [table.outputs[0].path for table in report.tables if table.stage is Stage.COMPLETE and table.outputs]
    missing = len(report.tables) - len(there)
    return shown(", ".join(there)) + (f" [red]({missing} not there)[/]" if missing else "")


def _counted(report: Report) -> str:
    counted = sum(result.count or 0 for result in report.results)
    known = [result for result in report.results if result.true_count is not None]
    if not known:
        return str(counted)
    true = sum(result.true_count or 0 for result in known)
    wrong = sum(abs((result.count or 0) - (result.true_count or 0)) for result in known)
    return f"{counted} objects, true {true} (summed error per image {wrong / max(true, 1):.1%})"
