"""Paused instruments: in the record and its audit, and in memory for the polls that ask at every turn."""

import threading
import time
from collections.abc import Callable
from typing import Literal

from sqlalchemy import Connection, delete, insert, select

from job_repository.record import audit
from job_repository.record.models import InstrumentPauseRow
from job_repository.record.store import Record
from labrelay.contracts.pauses import Pause, Pauses

Place = Literal["gateway", "instrument", "drain"]
COLUMNS = InstrumentPauseRow.__table__.c


class InstrumentPauses:
    """The pauses of all instruments.

    Args:
        record: the database.
        chain: its audit; each pause and resume enters it.
        changed: called after a change, with no lock held.
    """

    def __init__(self, record: Record, chain: audit.Audit, changed: Callable[[], None]) -> None:
        self._record = record
        self._audit = chain
        self._changed = changed
        self._lock = threading.Lock()
        self._known: dict[str, Pauses] | None = None

    def all(self) -> dict[str, Pauses]:
        """Paused instruments by their names."""
        with self._lock:
            if self._known is None:
                self._known = self._load()
            return self._known

    def of(self, instrument: str) -> Pauses:
        """How one instrument is paused."""
        return self.all().get(instrument, Pauses())

    def pause(self, instrument: str, by: str, reason: str) -> Pauses:
        """Pause it from the gateway; the same words again change nothing."""
        held = self.of(instrument).gateway
        if held is not None and (held.by, held.reason) == (by, reason):
            return self.of(instrument)
        return self._write(instrument, "gateway", Pause(by=by, reason=reason, since_ns=time.time_ns()), by)

    def resume(self, instrument: str, by: str) -> Pauses:
        """Lift the gateway's pause; one that was set at the instrument stays."""
        held = self.of(instrument)
        return held if held.gateway is None else self._write(instrument, "gateway", None, by)

    def told(self, instrument: str, pause: Pause | None) -> Pauses:
        """The OEM side tells how it is paused on its own machine."""
        held = self.of(instrument)
        if held.instrument == pause:
            return held
        speaker = pause or held.instrument
        return self._write(instrument, "instrument", pause, speaker.by if speaker else "")

    def _write(self, instrument: str, place: Place, pause: Pause | None, actor: str) -> Pauses:
        kind = "instrument_paused" if pause else "instrument_resumed"
        act = audit.Act(kind, actor, instrument, {"place": place, "reason": pause.reason if pause else ""})
        with self._record.write() as connection:
            put(connection, instrument, place, pause)
            head = audit.append(connection, [act])
        with self._lock:
            self._known = None
        self._audit.sign(head)
        self._changed()
        return self.of(instrument)

    def _load(self) -> dict[str, Pauses]:
        known: dict[str, Pauses] = {}
        with self._record.read() as connection:
            for row in connection.execute(select(*COLUMNS).where(COLUMNS.place.in_(Pauses.model_fields))):
                pause = Pause(by=row.paused_by, reason=row.reason, since_ns=row.since_ns)
                held = known.get(row.instrument, Pauses())
                known[row.instrument] = held.model_copy(update={row.place: pause})
        return known


def put(connection: Connection, instrument: str, place: Place, pause: Pause | None) -> None:
    """Write down how an instrument is held at one place, instead of what stood there; None: no longer."""
    connection.execute(delete(InstrumentPauseRow).where(COLUMNS.instrument == instrument, COLUMNS.place == place))
    if pause is not None:
        row = {"paused_by": pause.by, "reason": pause.reason, "since_ns": pause.since_ns}
        connection.execute(insert(InstrumentPauseRow).values(instrument=instrument, place=place, **row))
