"""Messages on their way: each channel has a loop of its own, so that a slow one holds up no other."""

import json
import time
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from sqlalchemy import select, update

from job_repository.alarms.channels import MessageRefused, Way
from job_repository.alarms.messages import Message
from job_repository.alarms.rows import DeliveryRow
from job_repository.alarms.store import announce
from job_repository.record import audit
from job_repository.record.store import Record
from labrelay.contracts.alarms import Alarm, ChannelName, Delivery
from labrelay.contracts.rhythm import NS
from labrelay.errors import NotFound
from labrelay.loops import OwnerLoop
from labrelay.telemetry import logger

COLUMNS: Final = DeliveryRow.__table__.c
SHOWN: Final = (
    "number",
    "channel",
    "event",
    "alarm",
    "message",
    "state",
    "attempts",
    "outcome",
    "created_ns",
    "tried_ns",
)
PAUSES_S: Final = (5.0, 30.0, 120.0, 600.0, 1800.0, 7200.0, 21_600.0)
"""Between two tries; after the last the message is given up, about nine hours on."""
STALE_S: Final = 86_400
IDLE_S: Final = 1.0
_log = logger("job_repository.alarms")


class ChannelMissing(NotFound):
    """The settings name no such channel."""

    code = "channel_missing"
    default_next_step = "Set it in the section [alarms] of labrelay.toml, then start the gateway again."


class Courier:
    """Takes messages out.

    Args:
        record: where they wait.
        chain: its audit; who sends a test enters it.
        ways: the channels that are set.
    """

    def __init__(self, record: Record, chain: audit.Audit, ways: Mapping[ChannelName, Way]) -> None:
        self._record = record
        self._audit = chain
        self._ways = dict(ways)
        self._loops = {
            name: OwnerLoop(f"job-repository alarms by {name}", partial(self._turn, name), idle_s=IDLE_S)
            for name in ways
        }

    def start(self) -> None:
        """Begin."""
        for loop in self._loops.values():
            loop.start()

    def stop(self) -> None:
        """End; what waits goes out after the next start."""
        for loop in self._loops.values():
            loop.stop(0.0)

    def wake(self) -> None:
        """Something new waits."""
        for loop in self._loops.values():
            loop.wake()

    def deliveries(self, limit: int) -> tuple[Delivery, ...]:
        """Messages, newest first."""
        query = select(*(COLUMNS[name] for name in SHOWN)).order_by(COLUMNS.number.desc()).limit(limit)
        with self._record.read() as connection:
            return tuple(Delivery.model_validate(row._asdict()) for row in connection.execute(query))

    def test(self, channel: ChannelName, actor: str) -> Delivery:
        """Send a test message now, once.

        Raises:
            ChannelMissing: the settings name no such channel.
        """
        if channel not in self._ways:
            raise ChannelMissing(f"No channel {channel} is set.")
        with self._record.write() as connection:
            number = announce(connection, [channel], "test", None)[0]
            # Its own try is the only one: the loop leaves it alone.
            connection.execute(update(DeliveryRow).where(COLUMNS.number == number).values(state="failed"))
            head = audit.append(connection, [audit.Act("alarm_tested", actor, channel, {})])
        self._audit.sign(head)
        self._try(self._message(COLUMNS.number == number), once=True)
        return next(each for each in self.deliveries(50) if each.number == number)

    def _turn(self, channel: ChannelName) -> bool:
        now_ns = time.time_ns()
        of_today = COLUMNS.created_ns > now_ns - STALE_S * NS  # older ones waited for a channel that wasn't set
        due = (COLUMNS.channel == channel, COLUMNS.state == "waiting", COLUMNS.next_ns <= now_ns, of_today)
        message = self._message(*due)
        if message is None:
            return False
        self._try(message, once=False)
        return True

    def _message(self, *conditions: Any) -> Message | None:
        query = select(*COLUMNS).where(*conditions).order_by(COLUMNS.number).limit(1)
        with self._record.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        told = json.loads(row.body)
        alarm = Alarm.model_validate(told) if told else None
        return Message(row.number, row.channel, row.event, row.message, alarm, row.created_ns, row.attempts)

    def _try(self, message: Message | None, *, once: bool) -> None:
        if message is None:
            return
        try:
            state, outcome = "sent", self._ways[message.channel].send(message)
        except MessageRefused as refused:
            left = not once and message.attempts < len(PAUSES_S)
            state, outcome = "waiting" if left else "failed", refused.cause
            _log.warning("message didn't go out", channel=message.channel, message=message.id, cause=refused.cause)
        pause_s = PAUSES_S[min(message.attempts, len(PAUSES_S) - 1)]
        now_ns = time.time_ns()
        told = {"state": state, "outcome": outcome, "attempts": message.attempts + 1, "tried_ns": now_ns}
        with self._record.write() as connection:
            row = {**told, "next_ns": now_ns + int(pause_s * NS)}
            connection.execute(update(DeliveryRow).where(COLUMNS.number == message.number).values(row))
