"""`status`, `jobs`: what stands where."""

import json
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from labrelay.cli.choice import Plate, Where, chosen
from labrelay.cli.serve import Config
from labrelay.cli.table import shown
from labrelay.contracts.filters import JobFilter
from labrelay.contracts.pauses import Pause, Pauses
from labrelay.errors import LabrelayError, ServiceUnavailable
from labrelay.http.client import Client
from labrelay.pause import PauseFiles
from labrelay.settings import load_settings
from labrelay.supervisor import SERVICES

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
EVERY: Final = JobFilter()
out = Console(highlight=False)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(status)
    app.command(name="jobs")(list_jobs)


def status(as_json: Json = False, config: Config = None) -> None:
    """One screen: which services run, what is where, what failed and why."""
    settings = load_settings(config)
    services = {name: _state(Client.of(settings, port, retries=0)) for name, (_, port) in sorted(SERVICES.items())}
    paused = PauseFiles(settings.oem_layout).read().text
    document: dict[str, Any] = {"services": services, "paused": paused, "summary": None}
    if services["job-repository"] != "not running":
        document["summary"] = Client.of(settings, "job_repository").get("/api/v2/summary")
    if as_json:
        typer.echo(json.dumps(document, indent=1))
    else:
        _print_status(document)
    if all(state == "not running" for state in services.values()):
        raise ServiceUnavailable("Nothing runs here.", next_step="Start it with `labrelay up`.")


def list_jobs(
    stage: Annotated[str, typer.Option(help="Only jobs at this stage, e.g. failed.")] = "",
    path: Annotated[str, typer.Option(help="Only files whose path contains this.")] = "",
    where: Where = "",
    plate: Plate = None,
    limit: Annotated[int, typer.Option(min=1, max=10000, help="The newest so many.")] = 50,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """List jobs, newest first."""
    wanted = chosen(where, stage=[stage] if stage else None, path=[path] if path else None, plate=plate)
    settings = load_settings(config)
    jobs = fetch_jobs(Client.of(settings, "job_repository"), limit, wanted)
    if as_json:
        typer.echo(json.dumps(jobs, indent=1))
        return
    table = Table("job", Column("file", overflow="fold"), "stage", "pipeline", "result or reason", box=None)
    for job in jobs:
        told = shown(job["source"]["path"]), job["stage"], _pipeline(job), shown(_outcome(job))
        table.add_row(job["id"][:8], *told)
    out.print(table)


def fetch_jobs(repository: Client, limit: int, wanted: JobFilter = EVERY) -> list[dict[str, Any]]:
    """Jobs as the API gives them, newest first, over as many pages as needed."""
    jobs: list[dict[str, Any]] = []
    after = ""
    while len(jobs) < limit:
        more = [("limit", str(min(500, limit - len(jobs)))), *([("after", after)] if after else [])]
        page = repository.get("/api/v2/jobs", params=[*wanted.pairs, *more])
        jobs += page["items"]
        after = page["next"] or ""
        if not after:
            break
    return jobs


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
    tables = summary["tables"]
    out.print(f"images    {_counts(summary['stages']) or 'none yet'}")
    if words := _counts(tables["stages"]):
        out.print(f"tables    {words}")
    for kind, codes in (("image", summary["failures"]), ("table", tables["failures"])):
        for code, count in codes.items():
            out.print(f"[red]failed[/]    {count} × {escape(code)} (`labrelay jobs --where 'code={code} kind={kind}'`)")
    if summary["overdue"]:
        out.print(f"[yellow]overdue[/]   {summary['overdue']} wait longer than they should (`labrelay doctor`)")
    for each in summary["instruments"]:
        out.print(f"reader    {_instrument(each)}")


def _counts(stages: dict[str, int]) -> str:
    return ", ".join(f"{count} {stage.replace('_', ' ')}" for stage, count in stages.items() if count)


def _instrument(each: dict[str, Any]) -> str:
    held = [Pauses.model_validate(each["paused"]).text]
    if each.get("draining"):
        state = "drained" if not each["live"] else "draining, takes nothing new"
        held.append(f"{state}: {Pause.model_validate(each['draining']).text}")
    words = f"{each['instrument']}: {each['jobs']} images, {each['live']} on their way"
    return words + "".join(f", [yellow]{escape(text)}[/]" for text in held if text)
