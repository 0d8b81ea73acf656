"""Reads acts on many jobs, and asks for them."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from labrelay.access.callers import Caller
from labrelay.contracts.actions import Action, ActionJobPage, ActionPage, Outcome
from labrelay.contracts.filters import FilterInvalid, JobFilter
from labrelay.http import Client
from labrelay.http.access import on_behalf
from labrelay.words import _

ROOM: Final = "/api/v2/actions"
ITEMS: Final = 100
NEWEST: Final = 50


@dataclass(frozen=True)
class Wish:
    """What somebody asked for on the list of jobs.

    Attributes:
        scope: `ticked` or `all` (that the filter takes); nothing else is ever meant.
    """

    action: str
    scope: str
    ticked: tuple[str, ...]
    where: str

    @property
    def filter(self) -> JobFilter:
        """Exactly these jobs.

        Raises:
            FilterInvalid: nothing was ticked, or the filter names nothing: that never means all jobs.
        """
        if self.scope == "all":
            wanted = JobFilter.parse(self.where)
            if not wanted.pairs:
                raise FilterInvalid(_("No filter is set, so this would mean every job there is."))
            return wanted
        if not self.ticked:
            raise FilterInvalid(_("No job is ticked."), next_step=_("Go back and tick the jobs that you mean."))
        return JobFilter.of([("job", each) for each in self.ticked])


def preview(client: Client, wish: Wish, who: Caller) -> Action:
    """Freeze the jobs that are meant; nothing happens to them."""
    body = {"action": wish.action, "filter": wish.filter.model_dump(mode="json"), "actor": who.actor("dashboard")}
    return _action(client.post(ROOM, body, headers=on_behalf(who)))


def run(client: Client, action_id: str, reason: str, who: Caller) -> None:
    """Begin what was previewed."""
    body = {"actor": who.actor("dashboard"), "reason": reason}
    client.post(f"{_place(action_id)}/run", body, headers=on_behalf(who))


def stop(client: Client, action_id: str, who: Caller) -> None:
    """Leave alone what it hasn't come to."""
    client.post(f"{_place(action_id)}/stop", {"actor": who.actor("dashboard")}, headers=on_behalf(who))


def read_action(client: Client, action_id: str) -> Action:
    """One act."""
    return _action(client.get(_place(action_id)))


def read_items(client: Client, action_id: str, outcome: Outcome | None, after: int) -> ActionJobPage:
    """Jobs of an act, and what became of them."""
    asked = {"outcome": outcome, "after": after, "limit": ITEMS}
    told = client.get(
        f"{_place(action_id)}/jobs", params={name: each for name, each in asked.items() if each is not None}
    )
    return ActionJobPage.model_validate(told, extra="ignore")


def read_newest(client: Client) -> tuple[Action, ...]:
    """The newest acts and previews."""
    told = client.get(ROOM, params={"limit": NEWEST})
    return ActionPage.model_validate(told, extra="ignore").items


def _place(action_id: str) -> str:
    return f"{ROOM}/{quote(action_id, safe='')}"


def _action(document: dict[str, Any]) -> Action:
    return Action.model_validate(document, extra="ignore")
