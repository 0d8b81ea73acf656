"""What a message says, for machines and for people."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from labrelay.contracts.alarms import TITLES, Alarm, ChannelName, Event

SUBJECT: Final = 150
TEST: Final = "This is a test: alarms of labrelay reach you on this way."


@dataclass(frozen=True)
class Message:
    """A message to one channel.

    Attributes:
        number: the delivery's.
        id: the same at each try, so that a receiver knows a repetition.
        alarm: None for a test.
        created_ns: when it was laid out, nanoseconds since 1970.
        attempts: tries so far.
    """

    number: int
    channel: ChannelName
    event: Event
    id: str
    alarm: Alarm | None
    created_ns: int
    attempts: int = 0

    @property
    def payload(self) -> str:
        """As Standard Webhooks has it: `type`, `timestamp` (ISO 8601) and `data`."""
        at = datetime.fromtimestamp(self.created_ns / 1e9, UTC).isoformat(timespec="milliseconds")
        data: dict[str, Any] = self.alarm.model_dump(mode="json") if self.alarm else {"cause": TEST}
        told = {"type": f"alarm.{self.event}", "timestamp": at.replace("+00:00", "Z"), "data": data}
        return json.dumps(told, ensure_ascii=False, separators=(",", ":"))

    @property
    def subject(self) -> str:
        """One line for people."""
        if self.alarm is None:
            return "labrelay: a test message"
        title = TITLES[self.alarm.kind].format(subject=self.alarm.subject)
        text = f"labrelay: {title}" if self.event == "raised" else f"labrelay: over again: {title}"
        return " ".join(text.split())[:SUBJECT]

    @property
    def text(self) -> str:
        """All of it for people."""
        if self.alarm is None:
            return f"{TEST}\n"
        raised = _at(self.alarm.raised_ns)
        if self.event == "cleared":
            well = f"It is well again since {_at(self.alarm.cleared_ns or 0)}."
            return f"{well}\n\nWhat it was ({raised}): {self.alarm.cause}\n"
        return f"{self.alarm.cause}\n\nNext: {self.alarm.next_step}\n\nRaised at {raised}.\n"


def _at(at_ns: int) -> str:
    return f"{datetime.fromtimestamp(at_ns / 1e9, UTC).astimezone():%Y-%m-%d %H:%M %Z}"
