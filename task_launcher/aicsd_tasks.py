"""AiCSD's tasks on the project's own ones: created with defaults, changed by merging."""

from typing import Any

from pydantic import ValidationError

from labrelay.contracts.aicsd import WireTask
from labrelay.contracts.tasks import Task, TaskDraft
from labrelay.errors import RequestRefused
from labrelay.selectors import parse_selector
from labrelay.settings.model import Pipelines
from task_launcher.pipelines import carrier_for
from task_launcher.registry import Registry
from task_launcher.tasks import Tasks


class TaskInvalid(RequestRefused):
    """A required member is missing or wrong."""

    code = "task_invalid"
    status = 500


def create(wire: WireTask, tasks: Tasks, settings: Pipelines, registry: Registry) -> Task:
    """Store a task of AiCSD's form.

    Raises:
        TaskInvalid: JobSelector, PipelineId or Description is missing, or the topic can't be one.
        SelectorInvalid: the selector isn't JSONLogic.
    """
    for name in ("job_selector", "pipeline_id", "description"):
        if not getattr(wire, name):
            raise TaskInvalid(f"{name.title().replace('_', '')} is empty")
    carrier = carrier_for(wire.pipeline_id, tasks.all(), settings, registry.alive(wire.pipeline_id))
    return tasks.create(_draft({**_given(wire), "carrier": carrier}))


def merge(wire: WireTask, tasks: Tasks) -> Task:
    """Change a task: only members that aren't empty replace, parameters key by key.

    Raises:
        NotFound: no task has this id.
        TaskInvalid: the topic can't be one.
        SelectorInvalid: the selector isn't JSONLogic.
    """
    if not wire.id:
        raise TaskInvalid("Id is empty")
    held = tasks.one(wire.id)
    old = held.model_dump(include=set(TaskDraft.model_fields))
    parameters = {**held.parameters, **(wire.model_parameters or {})}
    return tasks.replace(held.id, _draft({**old, **_given(wire), "parameters": parameters}))


def _given(wire: WireTask) -> dict[str, Any]:
    """The members that aren't empty, under the project's own names."""
    given: dict[str, Any] = {
        "description": wire.description,
        "pipeline": wire.pipeline_id,
        "result_folder": wire.result_file_folder,
        "parameters": wire.model_parameters,
    }
    kept = {name: value for name, value in given.items() if value}
    return {**kept, "selector": parse_selector(wire.job_selector)} if wire.job_selector else kept


def _draft(members: dict[str, Any]) -> TaskDraft:
    try:
        return TaskDraft(**members)
    except ValidationError as error:
        first = error.errors()[0]
        raise TaskInvalid(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
