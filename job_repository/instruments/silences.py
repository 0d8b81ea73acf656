"""Instruments that say nothing though they should, and since when: what the lab's first sentence tells of them."""

import time
from typing import Final

from sqlalchemy import func, select

from job_repository.alarms.rows import AlarmRow
from job_repository.instruments.contacts import Contacts
from job_repository.instruments.diagnosis import DEAF_S
from job_repository.instruments.installations import Installations
from job_repository.record.models import CaptureRow
from job_repository.record.store import Record
from labrelay.contracts.alarms import AlarmKind, AlarmState
from labrelay.contracts.rhythm import NS

ALARMED: Final = (AlarmRow.kind == AlarmKind.SILENT.value, AlarmRow.state != AlarmState.CLEARED.value)


class Silences:
    """Looks for them; cheap enough for every count of the lab.

    An instrument is silent while an alarm `instrument_silent` is open for it (by its rule's rhythm or the learned one),
    and while its side isn't heard. One that rests without a rule is not: nobody said that files must come.
    """

    def __init__(self, record: Record, contacts: Contacts, installations: Installations) -> None:
        self._record = record
        self._contacts = contacts
        self._installations = installations

    def all(self) -> dict[str, int]:
        """By instrument since when, wall clock in ns: since its newest file, else since its side was heard last."""
        newest = select(AlarmRow.subject, func.max(CaptureRow.created_ns)).where(*ALARMED)
        newest = newest.join(CaptureRow, CaptureRow.instrument == AlarmRow.subject).group_by(AlarmRow.subject)
        with self._record.read() as connection:
            alarmed = {row[0]: int(row[1]) for row in connection.execute(newest)}
        return {**self._unheard(), **alarmed}

    def _unheard(self) -> dict[str, int]:
        """Whose side isn't heard: since the last time, or since the gateway began to listen."""
        contacts, listening_s = self._contacts.all(), self._contacts.heard_for_s()
        silent_s = {name: each.silent_s for name, each in contacts.items()}
        silent_s |= dict.fromkeys(self._installations.all().keys() - contacts.keys(), listening_s)
        now_ns = time.time_ns()
        return {name: now_ns - int(seconds * NS) for name, seconds in silent_s.items() if seconds > DEAF_S}
