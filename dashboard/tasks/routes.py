"""`/tasks`: the rules in their order; an editor with a form, the raw selector and a trial on the newest files."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from dashboard.desk import Desk, TheDesk
from dashboard.forms import texts_of
from dashboard.quantities import moment
from dashboard.tasks.drafts import SPARE_LINES, Typed, typed_in, typed_of
from dashboard.tasks.rules import FIELDS, JOINS, OPERATORS, Line, Rule
from labrelay.access.callers import Caller
from labrelay.access.roles import suffices
from labrelay.contracts.tasks import Task, TaskDraft
from labrelay.errors import LabrelayError, NotFound
from labrelay.http.access import Calling, on_behalf
from labrelay.http.roles import Role, allow
from labrelay.words import _

router = APIRouter(include_in_schema=False)
TASKS: Final = "/api/v2/tasks"


@router.get("/tasks", response_class=HTMLResponse)
@allow(Role.VIEWER)
async def show_tasks(desk: TheDesk, who: Calling) -> Response:
    """All tasks in the order in which they are asked."""
    seq, tasks = desk.hub.seq, await desk.threads.run(partial(_tasks, desk))
    line = desk.curl(desk.settings.service_url("job_repository") + TASKS)
    shown: dict[str, Any] = {"tasks": [(task, typed_of(task)) for task in tasks], "curl": line, **_words(who)}
    return desk.pages.html("tasks/tasks.html", who=who, seq=seq, **shown)


@router.get("/tasks.json")
@allow(Role.VIEWER)
async def tasks_twin(desk: TheDesk) -> dict[str, Any]:
    """The tasks as JSON."""
    answer: dict[str, Any] = await desk.threads.run(partial(desk.client.get, TASKS))
    return answer


@router.get("/tasks/new", response_class=HTMLResponse)
@allow(Role.ADMIN)
async def new_task(desk: TheDesk, who: Calling) -> Response:
    """An empty editor."""
    return await _editor(desk, who, None, typed_of(None))


@router.get("/tasks/{task_id}", response_class=HTMLResponse)
@allow(Role.VIEWER)
async def show_task(desk: TheDesk, task_id: str, who: Calling) -> Response:
    """The editor of a task, with its versions."""
    task = await desk.threads.run(partial(_task, desk, task_id))
    return await _editor(desk, who, task, typed_of(task))


@router.post("/tasks/{task_id}", response_class=HTMLResponse)
@allow(Role.ADMIN)
async def save_task(desk: TheDesk, task_id: str, request: Request, who: Calling) -> Response:
    """Try the typed task out, or store it; what is wrong with it is said beside what was typed."""
    form = await texts_of(request)
    task = None if task_id == "new" else await desk.threads.run(partial(_task, desk, task_id))
    typed, version = typed_in(form, task), (form.get("version") or ["0"])[-1]
    try:
        draft = typed.draft()
        trial = await desk.threads.run(partial(_trial, desk, draft, task, who))
        if (form.get("act") or ["try"])[-1] != "save":
            return await _editor(desk, who, task, typed, trial=trial)
        await desk.threads.run(partial(_store, desk, draft, task, version, who))
    except LabrelayError as trouble:
        return await _editor(desk, who, task, typed, trouble=trouble)
    return RedirectResponse("/tasks", status_code=303)


@router.post("/tasks/{task_id}/versions/{version}", response_class=HTMLResponse)
@allow(Role.ADMIN)
async def roll_back(desk: TheDesk, task_id: str, version: int, who: Calling) -> Response:
    """Make an old version the newest again; the versions between stay on record."""
    versions = {each.version: each for each in await desk.threads.run(partial(_versions, desk, task_id))}
    if (old := versions.get(version)) is None:
        raise NotFound(_("Task {task} has no version {version}.").format(task=task_id, version=version))
    draft = TaskDraft.model_validate(old.model_dump(include=set(TaskDraft.model_fields)))
    await desk.threads.run(partial(_put, desk, task_id, draft, who, {}))
    return RedirectResponse(f"/tasks/{quote(task_id, safe='')}", status_code=303)


@router.post("/tasks/{task_id}/delete", response_class=HTMLResponse)
@allow(Role.ADMIN)
async def delete_task(desk: TheDesk, task_id: str, who: Calling) -> Response:
    """Take a task out of matching; its versions stay on record."""
    await desk.threads.run(partial(desk.client.delete, _path(task_id), headers=_headers(who)))
    return RedirectResponse("/tasks", status_code=303)


async def _editor(desk: Desk, who: Caller, task: Task | None, typed: Typed, **found: Any) -> Response:
    seq = desk.hub.seq
    versions = await desk.threads.run(partial(_versions, desk, task.id)) if task else []
    rule = typed.rule or Rule()
    shown: dict[str, Any] = {
        "task": task,
        "typed": typed,
        "lines": [*rule.lines, *[Line("", "contains", "")] * SPARE_LINES],
        "join": rule.join,
        "versions": [(each, moment(each.updated_ns)) for each in reversed(versions)],
        "trial": found.get("trial"),
        "trouble": found.get("trouble"),
        **_words(who),
    }
    trouble = found.get("trouble")
    return desk.pages.html("tasks/task.html", trouble.status if trouble else 200, who, seq=seq, **shown)


def _words(who: Caller) -> dict[str, Any]:
    may = suffices(who.role, (Role.ADMIN,))
    return {"fields": FIELDS, "operators": OPERATORS, "joins": JOINS, "may_change": may}


def _tasks(desk: Desk) -> list[Task]:
    return [Task.model_validate(each, extra="ignore") for each in desk.client.get(TASKS)["items"]]


def _task(desk: Desk, task_id: str) -> Task:
    return Task.model_validate(desk.client.get(_path(task_id)), extra="ignore")


def _versions(desk: Desk, task_id: str) -> list[Task]:
    items = desk.client.get(f"{_path(task_id)}/versions")["items"]
    return [Task.model_validate(each, extra="ignore") for each in items]


def _trial(desk: Desk, draft: TaskDraft, task: Task | None, who: Caller) -> dict[str, Any]:
    body = {"draft": draft.model_dump(mode="json"), "task_id": task.id if task else None}
    told: dict[str, Any] = desk.client.post(f"{TASKS}/preview", body, headers=on_behalf(who))
    return told


def _store(desk: Desk, draft: TaskDraft, task: Task | None, version: str, who: Caller) -> None:
    if task is None:
        desk.client.post(TASKS, draft.model_dump(mode="json"), headers=_headers(who))
    else:
        _put(desk, task.id, draft, who, {"If-Match": f'"{version}"'} if version.isdecimal() else {})


def _put(desk: Desk, task_id: str, draft: TaskDraft, who: Caller, more: Mapping[str, str]) -> None:
    desk.client.put(_path(task_id), draft.model_dump(mode="json"), headers={**_headers(who), **more})


def _headers(who: Caller) -> dict[str, str]:
    return {**on_behalf(who), "X-Labrelay-Actor": who.actor("dashboard")}


def _path(task_id: str) -> str:
    return f"{TASKS}/{quote(task_id, safe='')}"
