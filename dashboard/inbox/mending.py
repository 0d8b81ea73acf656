"""Puts a task right and lets its failed jobs begin again; accepts failures as they are."""

from collections.abc import Mapping
from urllib.parse import quote

from dashboard.bulk.reading import ROOM, run
from labrelay.access.callers import Caller
from labrelay.contracts.actions import Action
from labrelay.contracts.failures import Waiver
from labrelay.contracts.filters import JobFilter
from labrelay.contracts.tasks import Task, TaskDraft
from labrelay.errors import Conflict
from labrelay.http import Client
from labrelay.http.access import on_behalf
from labrelay.words import _

NAME = "dashboard"


def change_task(client: Client, task: Task, changes: Mapping[str, object], version: int, who: Caller) -> Task:
    """Write a new version of a task over the one that the person saw.

    Raises:
        Conflict: another version stands there.
        AccessDenied: this person may not change tasks.
    """
    if task.version != version:
        raise Conflict(_("Somebody has changed this task meanwhile."), next_step=_("Look at it again."))
    draft = TaskDraft.model_validate({**task.model_dump(include=set(TaskDraft.model_fields)), **changes})
    headers = {"X-Labrelay-Actor": who.actor(NAME), "If-Match": f'"{version}"', **on_behalf(who)}
    told = client.put(f"/api/v2/tasks/{quote(task.id, safe='')}", draft.model_dump(mode="json"), headers=headers)
    return Task.model_validate(told, extra="ignore")


def reprocess(client: Client, wanted: JobFilter, expected: int, reason: str, who: Caller) -> tuple[Action, bool]:
    """Let jobs begin again with today's tasks: exactly as many as the person saw, else only the preview is made.

    Returns:
        The act, and whether it has begun.
    """
    body = {"action": "reprocess", "filter": wanted.model_dump(mode="json"), "actor": who.actor(NAME), "reason": reason}
    made = Action.model_validate(client.post(ROOM, body, headers=on_behalf(who)), extra="ignore")
    begins = made.total == expected
    if begins:
        run(client, made.id, reason, who)
    return made, begins


def waive(client: Client, where: str, expected: int, reason: str, who: Caller) -> Waiver:
    """Accept failures as they are.

    Raises:
        ChoiceChanged: there are more or fewer than the person saw.
    """
    wanted = JobFilter.parse(where).model_dump(mode="json")
    body = {"filter": wanted, "expected_count": expected, "reason": reason, "actor": who.actor(NAME)}
    return Waiver.model_validate(client.post("/api/v2/failures/waive", body, headers=on_behalf(who)), extra="ignore")


def withdraw(client: Client, number: int, who: Caller) -> None:
    """They need somebody after all."""
    headers = {"X-Labrelay-Actor": who.actor(NAME), **on_behalf(who)}
    client.delete(f"/api/v2/failures/waivers/{number}", headers=headers)
