"""`/inbox/rule` and `/inbox/parameters/ID`: a task put right, and its jobs begun again, on one page."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from dashboard.desk import Desk, TheDesk
from dashboard.forms import form_of
from dashboard.inbox.mending import change_task, reprocess
from dashboard.inbox.reading import read_jobs, read_tasks
from dashboard.inbox.rules import Trial, proposed, rule_words, try_rule, widened
from labrelay.access.callers import Caller
from labrelay.contracts.filters import JobFilter
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from labrelay.contracts.tasks import Task
from labrelay.errors import LabrelayError, NotFound
from labrelay.http import Client
from labrelay.http.access import Calling
from labrelay.http.roles import Role, allow
from labrelay.words import _

MOST: Final = 1000
OTHERS: Final = 200
UNMATCHED: Final = JobFilter(stage=(Stage.UNMATCHED,), waived=("no",))
router = APIRouter(prefix="/inbox", include_in_schema=False)
Text = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True)
class RulePage:
    """The files that no task takes, the task that shall take them, and what its wider rule would do."""

    tasks: tuple[Task, ...]
    task: Task | None
    text: str
    trial: Trial


def read_rule(client: Client, task_id: str, text: str) -> RulePage:
    """Read the files and try the rule; without a task or a text the likeliest are proposed."""
    tasks = [task for task in read_tasks(client) if task.enabled]
    unmatched = read_jobs(client, UNMATCHED, MOST)
    others = [job for job in read_jobs(client, JobFilter(kind=("image",)), OTHERS) if job.task]
    task = next((each for each in tasks if each.id == task_id), None) or _likeliest(tasks, others)
    text = text or proposed(unmatched, others)
    nothing = Trial((), tuple(unmatched), ())
    if task is None or not text:
        return RulePage(tuple(tasks), task, text, nothing)
    changed = task.model_copy(update={"selector": widened(task.selector, text)})
    return RulePage(tuple(tasks), task, text, try_rule(tasks, changed, unmatched, others))


def _likeliest(tasks: list[Task], others: list[Job]) -> Task | None:
    taken = [job.task.id for job in others if job.task]
    return max(tasks, key=lambda task: taken.count(task.id), default=None)


@router.get("/rule", response_class=HTMLResponse)
@allow(Role.VIEWER)
async def show_rule(desk: TheDesk, who: Calling, task: Text = "", text: Text = "") -> Response:
    """Which task shall take the files that none takes."""
    return await _rule_page(desk, who, task, text)


@router.post("/rule", response_class=HTMLResponse)
@allow(Role.ADMIN)
async def save_rule(desk: TheDesk, request: Request, who: Calling) -> Response:
    """Widen the rule, then let exactly the files that the person saw begin with it."""
    form = await form_of(request)
    task_id, text = form.get("task", ""), form.get("text", "")[:200]
    try:
        place = await desk.threads.run(partial(_mend_rule, desk.client, form, task_id, text, who))
    except LabrelayError as trouble:
        return await _rule_page(desk, who, task_id, text, trouble)
    return RedirectResponse(place, status_code=303)


@router.get("/parameters/{task_id}", response_class=HTMLResponse)
@allow(Role.VIEWER)
async def show_parameters(desk: TheDesk, who: Calling, task_id: str, where: Text = "") -> Response:
    """A task's parameters, and what its jobs say of them."""
    return await _parameters_page(desk, who, task_id, where)


@router.post("/parameters/{task_id}", response_class=HTMLResponse)
@allow(Role.ADMIN)
async def save_parameters(desk: TheDesk, request: Request, who: Calling, task_id: str) -> Response:
    """Correct the parameters, then let exactly the jobs that the person saw begin again."""
    form = await form_of(request)
    where = form.get("where", "")
    try:
        place = await desk.threads.run(partial(_mend_parameters, desk.client, form, task_id, where, who))
    except LabrelayError as trouble:
        return await _parameters_page(desk, who, task_id, where, trouble)
    return RedirectResponse(place, status_code=303)


async def _rule_page(
    desk: Desk, who: Caller, task: str, text: str, trouble: LabrelayError | None = None
) -> HTMLResponse:
    seq, page = desk.hub.seq, await desk.threads.run(partial(read_rule, desk.client, task, text))
    status = trouble.status if trouble else 200
    return desk.pages.html("inbox/rule.html", status, who, seq=seq, page=page, trouble=trouble, words=rule_words)


async def _parameters_page(
    desk: Desk, who: Caller, task_id: str, where: str, trouble: LabrelayError | None = None
) -> HTMLResponse:
    seq = desk.hub.seq
    task, jobs = await desk.threads.run(partial(_read_parameters, desk.client, task_id, where))
    shown: dict[str, Any] = {"seq": seq, "task": task, "jobs": jobs, "where": where, "trouble": trouble}
    return desk.pages.html("inbox/parameters.html", trouble.status if trouble else 200, who, **shown)


def _read_parameters(client: Client, task_id: str, where: str) -> tuple[Task, list[Job]]:
    return _task(client, task_id), read_jobs(client, _of_task(where, task_id), MOST)


def _task(client: Client, task_id: str) -> Task:
    found = next((task for task in read_tasks(client) if task.id == task_id), None)
    if found is None:
        raise NotFound(_("There is no task {id}.").format(id=task_id))
    return found


def _of_task(where: str, task_id: str) -> JobFilter:
    """The jobs that need somebody of one task."""
    wanted = JobFilter.parse(where) if where else JobFilter(stage=(Stage.FAILED,), waived=("no",))
    return wanted.model_copy(update={"task": (task_id,)})


def _mend_rule(client: Client, form: dict[str, str], task_id: str, text: str, who: Caller) -> str:
    task = _task(client, task_id)
    seen = read_rule(client, task_id, text)
    change_task(client, task, {"selector": widened(task.selector, text)}, _number(form, "version"), who)
    jobs = JobFilter(job=tuple(job.id for job in seen.trial.taken))
    told = _("The rule of {task} takes {text} too.").format(task=task.description, text=text)
    return _begun(client, jobs, _number(form, "count"), told, who)


def _mend_parameters(client: Client, form: dict[str, str], task_id: str, where: str, who: Caller) -> str:
    task = _task(client, task_id)
    numbers = [name.removeprefix("name-") for name in form if name.startswith("name-")]
    given = {form[f"name-{each}"].strip(): form.get(f"value-{each}", "").strip() for each in numbers}
    parameters = {name: value for name, value in given.items() if name and value}
    change_task(client, task, {"parameters": parameters}, _number(form, "version"), who)
    told = _("The parameters of {task} were corrected.").format(task=task.description)
    return _begun(client, _of_task(where, task_id), _number(form, "count"), told, who)


def _begun(client: Client, wanted: JobFilter, count: int, reason: str, who: Caller) -> str:
    if not wanted.pairs or not count:
        return "/inbox"
    action, begins = reprocess(client, wanted, count, reason, who)
    return "/inbox" if begins else f"/jobs/bulk/{action.id}"


def _number(form: dict[str, str], name: str) -> int:
    text = form.get(name, "")
    return int(text) if text.isdecimal() else 0
