"""`task add|list|rm`: which files go to which pipeline."""

import json
from typing import Annotated, Any, Final
from uuid import uuid4

import typer
from rich.markup import escape
from rich.table import Table

from labrelay.cli.jobs import Json, out
from labrelay.cli.serve import Config
from labrelay.doctor.unserved import warning
from labrelay.http.client import Client
from labrelay.settings import load_settings

BY: Final = "plate,well,field,z,time"
group = typer.Typer(no_args_is_help=True, help="The rules that send files to pipelines.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    group.command("add")(add)
    group.command("list")(list_tasks)
    group.command("rm")(remove)
    app.add_typer(group, name="task")


def add(
    pipeline: Annotated[str, typer.Option(help="Topic of the pipeline, e.g. nuclei.")],
    contains: Annotated[str, typer.Option(help="Take files whose name contains this.")] = "",
    selector: Annotated[str, typer.Option(help="JSONLogic, for anything finer.")] = "",
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    parameter: Annotated[list[str] | None, typer.Option(help="name=value, repeatable.")] = None,
    order: Annotated[int, typer.Option(help="Lower comes first.")] = 100,
    also: Annotated[bool, typer.Option("--also", help="Take files besides the first match.")] = False,
    expect: Annotated[str, typer.Option(help="Wait for sets: values of --over (1,2,3), or how many (3).")] = "",
    group_by: Annotated[str, typer.Option(help="Attributes that the files of a set share.")] = BY,
    over: Annotated[str, typer.Option(help="Attribute that tells the files of a set apart.")] = "channel",
    group_deadline: Annotated[float, typer.Option(help="Seconds from the first file of a set.")] = 600.0,
    incomplete: Annotated[str, typer.Option(help="A set that isn't whole by then: fail or run.")] = "fail",
    plate_images: Annotated[int | None, typer.Option(help="Files of one plate: with the last it is finished.")] = None,
    config: Config = None,
) -> None:
    """Add a task; without --contains and --selector it takes every file, without --expect each file alone."""
    from labrelay.selectors import parse_selector  # its library belongs to the gateway, this command line to both sides

    body = {
        "description": description or f"{contains or 'every file'} → {pipeline}",
        "selector": parse_selector(selector) if selector else contains_selector(contains),
        "pipeline": pipeline,
        "parameters": dict(_pair(text) for text in parameter or []),
        "order": order,
        "also": also,
        "plate_images": plate_images,
    }
    if expect:
        names = [name for name in group_by.split(",") if name]
        more = {"deadline_s": group_deadline, "incomplete": incomplete}
        body["group"] = {"by": names, "over": over, "expect": _expected(expect), **more}
    launcher = _launcher(config)
    task = launcher.post("/api/v2/tasks", body, headers={"Idempotency-Key": str(uuid4())})
    out.print(f"task {task['id']} (version {task['version']}): {task['description']}")
    if words := warning(pipeline, launcher, load_settings(config)):
        out.print(f"[yellow]look[/] {escape(words)}", soft_wrap=True)


def list_tasks(as_json: Json = False, config: Config = None) -> None:
    """List the tasks in the order in which they are asked."""
    tasks: list[dict[str, Any]] = _launcher(config).get("/api/v2/tasks")["items"]
    if as_json:
        typer.echo(json.dumps(tasks, indent=1))
        return
    table = Table("order", "task", "version", "description", "pipeline", "selector", box=None)
    for task in tasks:
        words = [task["order"], task["id"][:8], task["version"], task["description"], task["pipeline"]]
        table.add_row(*(str(word) for word in words), json.dumps(task["selector"]))
    out.print(table)


def remove(
    task_id: Annotated[str, typer.Argument(help="The task, by id or its first characters.")], config: Config = None
) -> None:
    """Remove a task; jobs that it took keep it on record."""
    launcher = _launcher(config)
    tasks: list[dict[str, Any]] = launcher.get("/api/v2/tasks")["items"]
    chosen = [task for task in tasks if task["id"].startswith(task_id)]
    if len(chosen) != 1:
        raise typer.BadParameter(f"{len(chosen)} tasks begin with {task_id!r}; `labrelay task list` shows them")
    launcher.delete(f"/api/v2/tasks/{chosen[0]['id']}")
    out.print(f"removed {chosen[0]['id']}")


def contains_selector(text: str) -> Any:
    """The selector that AiCSD's page writes for *contains*; True for an empty text."""
    return {"in": [text, {"var": "InputFile.Name"}]} if text else True


def _expected(text: str) -> int | list[int | str]:
    """One number is how many, anything else the values themselves."""
    values: list[int | str] = [int(each) if each.isdecimal() else each for each in text.split(",") if each]
    return values[0] if len(values) == 1 and isinstance(values[0], int) else values


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise typer.BadParameter(f"{text!r} isn't name=value")
    return name, value


def _launcher(config: Any) -> Client:
    return Client.of(load_settings(config), "task_launcher")
