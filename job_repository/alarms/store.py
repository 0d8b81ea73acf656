"""Rules, alarms and their messages in the record; each change enters the audit chain in the same transaction."""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Connection, delete, func, insert, select, update

from job_repository.alarms.judging import Subject, Trouble, Verdict
from job_repository.alarms.rows import AlarmRow, AlarmRuleRow, DeliveryRow
from job_repository.record import audit
from job_repository.record.store import Record
from labrelay.contracts.alarms import Alarm, AlarmKind, AlarmRule, AlarmState, Event
from labrelay.errors import Conflict, NotFound

RULES: Final = AlarmRuleRow.__table__.c
ALARMS: Final = AlarmRow.__table__.c
KEPT: Final = 2000
"""So many cleared alarms, and so many messages that ended, stay; the audit trail keeps what was done."""


class AlarmCleared(Conflict):
    """The alarm is over."""

    code = "alarm_cleared"
    default_next_step = "Nothing: what was the matter is well again."


class AlarmStore:
    """Rules and alarms.

    Args:
        record: the database.
        chain: its audit.
        channels: names of those that are told.
    """

    def __init__(self, record: Record, chain: audit.Audit, channels: Sequence[str]) -> None:
        self._record = record
        self._audit = chain
        self._channels = tuple(channels)

    def rules(self) -> tuple[AlarmRule, ...]:
        """All rules, by kind and instrument."""
        with self._record.read() as connection:
            docs = connection.scalars(select(RULES.doc).order_by(RULES.kind, RULES.instrument)).all()
        return tuple(AlarmRule.model_validate_json(doc) for doc in docs)

    def silences(self) -> dict[str, AlarmRule]:
        """The rules of silence, by instrument; the one of all others under an empty name."""
        return {rule.instrument: rule for rule in self.rules() if rule.kind is AlarmKind.SILENT}

    def set_rule(self, rule: AlarmRule, actor: str) -> AlarmRule:
        """Set a rule; the same once more changes nothing."""
        if rule in self.rules():
            return rule
        told = rule.model_dump(mode="json")
        with self._record.write() as connection:
            connection.execute(delete(AlarmRuleRow).where(*_of(rule.kind, rule.instrument)))
            row = {"kind": rule.kind.value, "instrument": rule.instrument, "doc": rule.model_dump_json()}
            connection.execute(insert(AlarmRuleRow).values(row))
            head = audit.append(
                connection, [audit.Act("alarm_rule_set", actor, _name(rule.kind, rule.instrument), told)]
            )
        self._audit.sign(head)
        return rule

    def remove_rule(self, kind: AlarmKind, instrument: str, actor: str) -> None:
        """Let a rule go; what it raised is cleared.

        Raises:
            NotFound: there is none.
        """
        with self._record.write() as connection:
            gone = connection.execute(delete(AlarmRuleRow).where(*_of(kind, instrument))).rowcount
            act = audit.Act("alarm_rule_removed", actor, _name(kind, instrument), {})
            head = audit.append(connection, [act] if gone else [])
        self._audit.sign(head)
        if not gone:
            raise NotFound(
                f"There is no rule {_name(kind, instrument)}.", next_step="Look at the rules that there are."
            )

    def alarms(self, *, open_only: bool, limit: int) -> tuple[Alarm, ...]:
        """Alarms, newest first."""
        query = select(*ALARMS).order_by(ALARMS.number.desc()).limit(limit)
        with self._record.read() as connection:
            rows = connection.execute(query.where(ALARMS.state != AlarmState.CLEARED) if open_only else query).all()
        return tuple(_read(row) for row in rows)

    def acknowledge(self, number: int, actor: str, reason: str) -> Alarm:
        """Somebody looks after it; who comes second changes nothing.

        Raises:
            NotFound: there is no such alarm.
            AlarmCleared: it is over.
        """
        with self._record.write() as connection:
            alarm = _alarm(connection, number)
            head = None
            if alarm.state is AlarmState.RAISED:
                told = {"acknowledged_ns": time.time_ns(), "acknowledged_by": actor, "reason": reason}
                state = {"state": AlarmState.ACKNOWLEDGED.value, **told}
                connection.execute(update(AlarmRow).where(ALARMS.number == number).values(state))
                name = _name(alarm.kind, alarm.subject)
                act = audit.Act("alarm_acknowledged", actor, name, {"alarm": number, "reason": reason})
                head = audit.append(connection, [act])
                alarm = _alarm(connection, number)
        self._audit.sign(head)
        if alarm.state is AlarmState.CLEARED:
            raise AlarmCleared(f"The alarm {number} was cleared.")
        return alarm

    def enact(self, verdict: Verdict, held: Mapping[Subject, Alarm], actor: str) -> None:
        """Raise and clear, each with its messages."""
        if not verdict.raised and not verdict.cleared:
            return
        with self._record.write() as connection:
            raised = [self._raise(connection, subject, told, actor) for subject, told in verdict.raised.items()]
            cleared = [self._clear(connection, held[subject].number, actor) for subject in verdict.cleared]
            head = audit.append(connection, [act for act in (*raised, *cleared) if act])
            _prune(connection)
        self._audit.sign(head)

    def _raise(self, connection: Connection, subject: Subject, told: Trouble, actor: str) -> audit.Act:
        row = {
            "kind": subject.kind.value,
            "subject": subject.name,
            "state": AlarmState.RAISED.value,
            "cause": told.cause,
            "next_step": told.next_step,
            "raised_ns": time.time_ns(),
            "acknowledged_by": "",
            "reason": "",
            "parameters": json.dumps(told.parameters),
        }
        key = connection.execute(insert(AlarmRow).values(row)).inserted_primary_key
        alarm = _alarm(connection, int(key[0]) if key else 0)
        announce(connection, self._channels, "raised", alarm)
        return audit.Act("alarm_raised", actor, _name(*subject), {"alarm": alarm.number, "cause": told.cause})

    def _clear(self, connection: Connection, number: int, actor: str) -> audit.Act | None:
        over = {"state": AlarmState.CLEARED.value, "cleared_ns": time.time_ns()}
        alive = (ALARMS.number == number, ALARMS.state != AlarmState.CLEARED)
        if not connection.execute(update(AlarmRow).where(*alive).values(over)).rowcount:
            return None
        alarm = _alarm(connection, number)
        announce(connection, self._channels, "cleared", alarm)
        return audit.Act("alarm_cleared", actor, _name(alarm.kind, alarm.subject), {"alarm": number})


def announce(connection: Connection, channels: Iterable[str], event: Event, alarm: Alarm | None) -> list[int]:
    """Lay a message out for each channel; their numbers."""
    numbers = []
    for channel in channels:
        row = {
            "channel": channel,
            "event": event,
            "alarm": alarm.number if alarm else None,
            "message": f"msg_{uuid4().hex}",
            "state": "waiting",
            "attempts": 0,
            "outcome": "",
            "body": json.dumps(alarm.model_dump(mode="json") if alarm else {}),
            "created_ns": time.time_ns(),
            "next_ns": 0,
        }
        key = connection.execute(insert(DeliveryRow).values(row)).inserted_primary_key
        numbers.append(int(key[0]) if key else 0)
    return numbers


def _alarm(connection: Connection, number: int) -> Alarm:
    row = connection.execute(select(*ALARMS).where(ALARMS.number == number)).first()
    if row is None:
        raise NotFound(f"There is no alarm {number}.", next_step="Look at the alarms that there are.")
    return _read(row)


def _read(row: Any) -> Alarm:
    return Alarm.model_validate({**row._asdict(), "parameters": json.loads(row.parameters)})


def _prune(connection: Connection) -> None:
    for row, over in ((AlarmRow, ("cleared",)), (DeliveryRow, ("sent", "failed"))):
        newest = connection.scalar(select(func.max(row.number))) or 0
        connection.execute(delete(row).where(row.number <= newest - KEPT, row.state.in_(over)))


def _of(kind: AlarmKind, instrument: str) -> tuple[Any, Any]:
    return RULES.kind == kind.value, RULES.instrument == instrument


def _name(kind: AlarmKind, subject: str) -> str:
    """What the audit trail calls it; its column takes 64 characters."""
    return (subject or kind.value)[:64]
