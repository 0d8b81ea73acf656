"""Alarms: rules that a lab sets, what they raised, and the messages that went out."""

from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from labrelay.contracts.base import Contract
from labrelay.contracts.captures import InstrumentId
from labrelay.contracts.pauses import Words
from labrelay.contracts.rhythm import WorkingHours
from labrelay.words import N_

LONGEST_S: Final = 30 * 86_400.0
Span = Annotated[float, Field(gt=0, le=LONGEST_S)]


class AlarmKind(StrEnum):
    """What an alarm tells of."""

    SILENT = "instrument_silent"
    FAILURES = "failures_waiting"
    DISK = "disk_low"
    BACKLOG = "backlog_old"


TITLES: Final[dict[AlarmKind, str]] = {
    AlarmKind.SILENT: N_("{subject} is silent"),
    AlarmKind.FAILURES: N_("Files need somebody"),
    AlarmKind.DISK: N_("A disk gets full"),
    AlarmKind.BACKLOG: N_("Work waits for long"),
}


class AlarmRule(Contract):
    """When an alarm is raised. There is one of each kind, and of `instrument_silent` one for each instrument too.

    Attributes:
        instrument: whose silence; empty is every instrument without a rule of its own. Empty for all other kinds.
        expected_s: `instrument_silent`: a file is expected at least so often; None is what the last files teach.
        grace_s: `instrument_silent`: so much longer may it take.
        hours: `instrument_silent`: when silence counts.
        more_than: `failures_waiting`: with more open failures than this.
        minutes: `backlog_old`: when the oldest unfinished image waits longer.
    """

    kind: AlarmKind
    instrument: InstrumentId | Literal[""] = ""
    enabled: bool = True
    expected_s: Span | None = None
    grace_s: Span = 600.0
    hours: WorkingHours = WorkingHours()
    more_than: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    minutes: Annotated[int, Field(ge=1, le=43_200)] = 60

    @model_validator(mode="after")
    def _of_all(self) -> Self:
        if self.instrument and self.kind is not AlarmKind.SILENT:
            raise ValueError("only a rule of the kind instrument_silent is one instrument's")
        return self


class AlarmRules(Contract):
    """All rules."""

    items: tuple[AlarmRule, ...]


class RuleRequest(Contract):
    """Set a rule in place of the one of this kind (and instrument); who asks: else the header X-Labrelay-Actor."""

    rule: AlarmRule
    by: Words = ""


Parameters = dict[str, str | float]


class AlarmState(StrEnum):
    """Where an alarm stands."""

    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    CLEARED = "cleared"


class Alarm(Contract):
    """An alarm, from when it was raised until it was cleared. All times are nanoseconds since 1970.

    Attributes:
        subject: the instrument or the disk; empty for the other kinds.
        cause: what is the matter, in words: English in the record, in the reader's language over HTTP.
        parameters: what stands in `cause`, for who says it in another language: `instrument`, `silent_s`, `expected_s`,
            `condition` and `told` of a silent instrument, `count` of failures, `waited_s` of a backlog; of a disk what
            `labrelay.contracts.disks` names.
        next_step: what to do about it.
    """

    number: int
    kind: AlarmKind
    subject: str
    state: AlarmState
    cause: str
    next_step: str
    raised_ns: int
    acknowledged_ns: int | None = None
    acknowledged_by: str = ""
    reason: str = ""
    cleared_ns: int | None = None
    parameters: Parameters = {}


class Alarms(Contract):
    """Alarms, newest first."""

    items: tuple[Alarm, ...]


class Acknowledgement(Contract):
    """Somebody looks after an alarm: who, and what they say about it."""

    reason: Words = ""
    by: Words = ""


ChannelName = Literal["webhook", "email", "mqtt"]


class Channel(Contract):
    """A way out for alarms that the settings name; `target` says where to, without any secret."""

    name: ChannelName
    target: str


class Channels(Contract):
    """The ways out that are set."""

    items: tuple[Channel, ...]


Event = Literal["raised", "cleared", "test"]
DeliveryState = Literal["waiting", "sent", "failed"]


class Delivery(Contract):
    """A message on its way, or what became of it.

    Attributes:
        alarm: its number; None for a test.
        message: the message's id, the same at each try.
        outcome: what the other side answered last, in words.
    """

    number: int
    channel: ChannelName
    event: Event
    alarm: int | None
    message: str
    state: DeliveryState
    attempts: int
    outcome: str
    created_ns: int
    tried_ns: int | None = None


class Deliveries(Contract):
    """Messages, newest first."""

    items: tuple[Delivery, ...]
