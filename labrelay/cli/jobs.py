"""`status`, `jobs`, `retry`: what stands where, and once more."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from labrelay.cli.serve import Config
from labrelay.cli.table import shown
from labrelay.contracts.pauses import Pauses
from labrelay.errors import LabrelayError, ServiceUnavailable
from labrelay.http.client import Client
from labrelay.pause import PauseFiles
from labrelay.settings import load_settings
from labrelay.supervisor import SERVICES

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
out = Console(highlight=False)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(status)
    app.command(name="jobs")(list_jobs)
    app.command()(retry)


def status(as_json: Json = False, config: Config = None) -> None:
    """One screen: which services run, what is where, what failed and why."""
    settings = load_settings(config)
    services = {
        name: _state(Client(settings.service_url(port), retries=0)) for name, (_, port) in sorted(SERVICES.items())
    }
    paused = PauseFiles(settings.oem_layout).read().text
    document: dict[str, Any] = {"services": services, "paused": paused, "summary": None}
    if services["job-repository"] != "not running":
        document["summary"] = Client(settings.service_url("job_repository")).get("/api/v2/summary")
    if as_json:
        typer.echo(json.dumps(document, indent=1))
    else:
        _print_status(document)
    if all(state == "not running" for state in services.values()):
        raise ServiceUnavailable("Nothing runs here.", next_step="Start it with `labrelay up`.")


def list_jobs(
    stage: Annotated[str, typer.Option(help="Only jobs at this stage, e.g. failed.")] = "",
    path: Annotated[str, typer.Option(help="Only files whose path contains this.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10000, help="The newest so many.")] = 50,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """List jobs, newest first."""
    settings = load_settings(config)
    jobs = fetch_jobs(Client(settings.service_url("job_repository")), limit, stage=stage, path=path)
    if as_json:
        typer.echo(json.dumps(jobs, indent=1))
        return
    table = Table("job", Column("file", overflow="fold"), "stage", "pipeline", "result or reason", box=None)
    for job in jobs:
        told = shown(job["source"]["path"]), job["stage"], _pipeline(job), shown(_outcome(job))
        table.add_row(job["id"][:8], *told)
    out.print(table)


def retry(
    job_ids: Annotated[list[str] | None, typer.Argument(help="Jobs, by id or its first characters.")] = None,
    all_failed: Annotated[bool, typer.Option("--all-failed", help="Every failed job.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be retried.")] = False,
    config: Config = None,
) -> None:
    """Try failed jobs once more, as they were matched then."""
    repository = Client(load_settings(config).service_url("job_repository"))
    chosen = [job for job in fetch_jobs(repository, 100_000, stage="failed") if _is_chosen(job, job_ids, all_failed)]
    if not chosen:
        raise typer.BadParameter("no failed job fits; `labrelay jobs --stage failed` lists them")
    for job in chosen:
        if not dry_run:
            repository.post(f"/api/v2/jobs/{job['id']}/retry")
        out.print(f"{'would retry' if dry_run else 'retrying'} {job['id'][:8]} {shown(job['source']['path'])}")


def fetch_jobs(repository: Client, limit: int, **filters: str) -> list[dict[str, Any]]:
    """Jobs as the API gives them, newest first, over as many pages as needed."""
    jobs: list[dict[str, Any]] = []
    after = ""
    while len(jobs) < limit:
        query = {**filters, "limit": str(min(500, limit - len(jobs))), "after": after}
        page = repository.get("/api/v2/jobs", params={key: value for key, value in query.items() if value})
        jobs += page["items"]
        after = page["next"] or ""
        if not after:
            break
    return jobs


def _is_chosen(job: dict[str, Any], ids: list[str] | None, all_failed: bool) -> bool:
    return all_failed or any(job["id"].startswith(wanted) for wanted in ids or [])


def _state(client: Client) -> str:
    try:
        return str(client.get("/readyz", read_s=3)["status"])
    except ServiceUnavailable as error:
        return "waiting" if "answer" not in error.cause else "not running"
    except LabrelayError as error:
        return error.cause


def _pipeline(job: dict[str, Any]) -> str:
    return str(job["task"]["pipeline"]) if job["task"] else "–"


def _outcome(job: dict[str, Any]) -> str:
    if job["failure"]:
        return str(job["failure"]["cause"])
    return str(job["overdue"] or (job["report"] or {}).get("results", ""))


def _print_status(document: dict[str, Any]) -> None:
    table = Table("service", "state", box=None)
    for name, state in document["services"].items():
        table.add_row(name, f"[{'green' if state == 'ready' else 'yellow'}]{state}[/]")
    out.print(table)
    if document["paused"]:
        out.print(f"[yellow]this side[/] {escape(document['paused'])} (`labrelay resume`)")
    if document["summary"] is not None:
        _print_summary(document["summary"])


def _print_summary(summary: dict[str, Any]) -> None:
    stages = [f"{count} {stage.replace('_', ' ')}" for stage, count in summary["stages"].items() if count]
    out.print(f"jobs      {', '.join(stages) or 'none yet'}")
    for code, count in summary["failures"].items():
        out.print(f"[red]failed[/]    {count} × {code} (`labrelay jobs --stage failed`)")
    if summary["overdue"]:
        out.print(f"[yellow]overdue[/]   {summary['overdue']} wait longer than they should (`labrelay doctor`)")
    for each in summary["instruments"]:
        paused = Pauses.model_validate(each["paused"]).text
        words = f"{each['instrument']}: {each['jobs']} jobs, {each['live']} on their way"
        out.print(f"reader    {words}{f', [yellow]{escape(paused)}[/]' if paused else ''}")
