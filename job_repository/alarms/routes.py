"""`/api/v2/alarms`: what needs somebody, the rules that say when, and the ways on which people are told."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query

from job_repository.jobs.routes import Repo
from labrelay.contracts.alarm_words import spoken
from labrelay.contracts.alarms import (
    Acknowledgement,
    Alarm,
    AlarmKind,
    AlarmRule,
    AlarmRules,
    Alarms,
    ChannelName,
    Channels,
    Deliveries,
    Delivery,
    RuleRequest,
)
from labrelay.contracts.captures import InstrumentId
from labrelay.contracts.pauses import Words
from labrelay.http.access import Calling
from labrelay.http.roles import Role, allow
from labrelay.words import ENGLISH, preferred, speaking

routes = APIRouter(prefix="/api/v2/alarms", tags=["alarms"])
ActorName = Annotated[Words, Header(alias="X-Labrelay-Actor")]
Limit = Annotated[int, Query(ge=1, le=1000)]


@routes.get("")
@allow(Role.VIEWER)
def alarms(
    repo: Repo,
    open: Annotated[bool, Query(description="only those that aren't cleared")] = False,
    limit: Limit = 100,
    accept_language: Annotated[str, Header()] = "",
) -> Alarms:
    """Alarms, newest first, in the reader's language."""
    with speaking(preferred(accept_language) or ENGLISH):
        return Alarms(items=tuple(spoken(each) for each in repo.alarms.alarms(open_only=open, limit=limit)))


@routes.post("/{number}/acknowledge")
@allow(Role.OPERATOR)
def acknowledge(
    repo: Repo,
    number: Annotated[int, Path(ge=1, lt=1 << 63)],
    told: Acknowledgement,
    caller: Calling,
    actor: ActorName = "",
) -> Alarm:
    """Say that somebody looks after it; it stays open until it is well."""
    return repo.alarms.acknowledge(number, caller.actor(told.by or actor or "local"), told.reason)


@routes.get("/rules")
@allow(Role.VIEWER)
def rules(repo: Repo) -> AlarmRules:
    """The rules, by kind and instrument."""
    return AlarmRules(items=repo.alarms.rules())


@routes.put("/rules")
@allow(Role.OPERATOR)
def set_rule(repo: Repo, asked: RuleRequest, caller: Calling, actor: ActorName = "") -> AlarmRule:
    """Set a rule in place of the one of its kind and instrument."""
    return repo.alarms.set_rule(asked.rule, caller.actor(asked.by or actor or "local"))


@routes.delete("/rules/{kind}", status_code=204)
@allow(Role.OPERATOR)
def remove_rule(
    repo: Repo, kind: AlarmKind, caller: Calling, instrument: InstrumentId | None = None, actor: ActorName = ""
) -> None:
    """Let a rule go; an alarm that it raised is cleared."""
    repo.alarms.remove_rule(kind, instrument or "", caller.actor(actor or "local"))


@routes.get("/channels")
@allow(Role.VIEWER)
def channels(repo: Repo) -> Channels:
    """The ways out that the settings name; no secret is told."""
    return Channels(items=repo.channels)


@routes.post("/channels/{name}/test")
@allow(Role.OPERATOR)
def send_test(repo: Repo, name: ChannelName, caller: Calling, actor: ActorName = "") -> Delivery:
    """Send a test message now and tell what became of it."""
    return repo.courier.test(name, caller.actor(actor or "local"))


@routes.get("/deliveries")
@allow(Role.OPERATOR)
def deliveries(repo: Repo, limit: Limit = 100) -> Deliveries:
    """Messages that went out or wait for another try, newest first."""
    return Deliveries(items=repo.courier.deliveries(limit))
