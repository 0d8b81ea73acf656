"""Reads what the page of instruments shows."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from urllib.parse import quote

from dashboard.quantities import NS, Moment, duration, moment
from labrelay.contracts.alarm_words import cause_of
from labrelay.contracts.alarms import (
    TITLES,
    Alarm,
    AlarmKind,
    AlarmRule,
    AlarmRules,
    Alarms,
    Channel,
    Channels,
    Deliveries,
    Delivery,
)
from labrelay.contracts.instruments import (
    NEEDING,
    NEXT_STEPS,
    SENTENCES,
    Condition,
    InstrumentReport,
    InstrumentReports,
)
from labrelay.http import Client
from labrelay.words import _

NEWEST: Final = 10
ALARMS: Final = "/api/v2/alarms"
LETTERS: Final = {Condition.PAUSED: "P", Condition.DRAINING: "D", Condition.UNKNOWN: "?", Condition.RESTING: "–"}


@dataclass(frozen=True)
class Card:
    """One instrument on the page.

    Attributes:
        rule: the alarm rule that holds for its silence; None without one.
        own: whether that rule is its own.
    """

    report: InstrumentReport
    rule: AlarmRule | None
    own: bool

    @property
    def needing(self) -> bool:
        """Whether somebody must see to it."""
        return self.report.condition in NEEDING

    @property
    def look(self) -> str:
        """Its letter's class."""
        if self.needing:
            return "failed"
        return "waiting" if self.report.condition in LETTERS else "done"

    @property
    def letter(self) -> str:
        """Tells its condition without colour."""
        return "!" if self.needing else LETTERS.get(self.report.condition, "✓")

    @property
    def sentence(self) -> str:
        """How it is, in words."""
        return _(SENTENCES[self.report.condition]).format(told=self.report.told)

    @property
    def next_step(self) -> str:
        """What to do; empty where nothing is."""
        return _(NEXT_STEPS.get(self.report.condition, ""))

    @property
    def path(self) -> str:
        """Where its buttons post to."""
        return f"/instruments/{quote(self.report.instrument, safe='')}"

    @cached_property
    def last(self) -> Moment | None:
        """When its newest file came."""
        return moment(self.report.last.at_ns) if self.report.last else None

    @property
    def heard(self) -> str:
        """How long ago its PC was heard."""
        seconds = self.report.heard_s
        if seconds is None:
            return _("not since the gateway started")
        return _("just now") if seconds < 60 else _("{time} ago").format(time=span(seconds))

    @property
    def expected(self) -> str:
        """Its rhythm in words."""
        if self.report.expected_s is None:
            return _("unknown until more files have come")
        told = _("a file every {time}") if self.rule and self.rule.expected_s else _("about every {time}, as learned")
        return told.format(time=span(self.report.expected_s))


@dataclass(frozen=True)
class OpenAlarm:
    """An alarm in words."""

    alarm: Alarm
    title: str
    raised: Moment

    @property
    def cause(self) -> str:
        """What is the matter, in the reader's language."""
        return cause_of(self.alarm)

    @property
    def acknowledged(self) -> bool:
        """Whether somebody looks after it."""
        return self.alarm.acknowledged_ns is not None


@dataclass(frozen=True)
class InstrumentsRoom:
    """Everything on the page.

    Attributes:
        rules: those of the other kinds, by kind.
        deliveries: the newest messages; empty for who may not see them.
    """

    cards: tuple[Card, ...]
    alarms: tuple[OpenAlarm, ...]
    past: tuple[OpenAlarm, ...]
    rules: dict[str, AlarmRule]
    channels: tuple[Channel, ...]
    deliveries: tuple[tuple[Delivery, Moment], ...] = ()

    @property
    def needing(self) -> int:
        """Instruments that somebody must see to."""
        return sum(card.needing for card in self.cards)


def read_alarms(client: Client) -> tuple[OpenAlarm, ...]:
    """The alarms that are open, newest first."""
    return _alarms(client, {"open": "true"})


def read_room(client: Client, *, deliveries: bool) -> InstrumentsRoom:
    """Ask the repository.

    Raises:
        ServiceUnavailable: it doesn't answer.
    """
    reports = InstrumentReports.model_validate(client.get("/api/v2/instruments/reports"), extra="ignore").items
    rules = AlarmRules.model_validate(client.get(f"{ALARMS}/rules"), extra="ignore").items
    silences = {rule.instrument: rule for rule in rules if rule.kind is AlarmKind.SILENT}
    sent = client.get(f"{ALARMS}/deliveries", params={"limit": NEWEST}) if deliveries else {"items": []}
    return InstrumentsRoom(
        cards=tuple(_card(report, silences) for report in reports),
        alarms=read_alarms(client),
        past=tuple(each for each in _alarms(client, {"limit": NEWEST}) if each.alarm.cleared_ns is not None),
        rules={rule.kind.value: rule for rule in rules if not rule.instrument},
        channels=Channels.model_validate(client.get(f"{ALARMS}/channels"), extra="ignore").items,
        deliveries=tuple(
            (each, moment(each.created_ns)) for each in Deliveries.model_validate(sent, extra="ignore").items
        ),
    )


def document(room: InstrumentsRoom) -> dict[str, Any]:
    """The page as JSON."""
    return {
        "instruments": [
            {**card.report.model_dump(mode="json"), "rule": card.rule.model_dump(mode="json") if card.rule else None}
            for card in room.cards
        ],
        "alarms": [each.alarm.model_dump(mode="json") for each in room.alarms],
        "channels": [each.model_dump(mode="json") for each in room.channels],
    }


def span(seconds: float) -> str:
    """A span as people say it; minutes and hours without seconds where these are many."""
    whole = round(seconds) if seconds < 600 else 60 * round(seconds / 60)
    if whole < 10:
        return _("{seconds} s").format(seconds=f"{seconds:.1f}".removesuffix(".0"))
    if whole % 60 == 0 and whole < 3600:
        return _("{minutes} min").format(minutes=whole // 60)
    if whole % 3600 == 0 and whole < 86_400:
        return _("{hours} h").format(hours=whole // 3600)
    return duration(whole * NS)


def _card(report: InstrumentReport, silences: dict[str, AlarmRule]) -> Card:
    own = silences.get(report.instrument)
    rule = own or silences.get("")
    return Card(report, rule if rule and rule.enabled else None, own is not None)


def _alarms(client: Client, query: dict[str, Any]) -> tuple[OpenAlarm, ...]:
    found = Alarms.model_validate(client.get(ALARMS, params=query), extra="ignore").items
    return tuple(
        OpenAlarm(each, _(TITLES[each.kind]).format(subject=each.subject), moment(each.raised_ns)) for each in found
    )
