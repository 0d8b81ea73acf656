"""Drained instruments: what has come is finished, nothing new is taken; it waits in the instrument's own journal."""

import time
from typing import Final

from sqlalchemy import select

from job_repository.instruments.pauses import COLUMNS, Place, put
from job_repository.record import audit
from job_repository.record.store import Record
from labrelay.contracts.pauses import Pause
from labrelay.errors import ServiceUnavailable

PLACE: Final[Place] = "drain"
"""Beside the two places of pauses."""


class InstrumentDrained(ServiceUnavailable):
    """Nothing new is taken from this instrument for now; what it announces waits on its side."""

    code = "instrument_drained"
    default_next_step = "Nothing is lost. `labrelay resume --instrument NAME` on the gateway lets it go on."


class InstrumentDrains:
    """The drained instruments, in the record and its audit."""

    def __init__(self, record: Record, chain: audit.Audit) -> None:
        self._record = record
        self._audit = chain

    def all(self) -> dict[str, Pause]:
        """Who drained which instrument, why, and since when."""
        with self._record.read() as connection:
            rows = connection.execute(select(*COLUMNS).where(COLUMNS.place == PLACE)).all()
        return {row.instrument: Pause(by=row.paused_by, reason=row.reason, since_ns=row.since_ns) for row in rows}

    def check(self, instrument: str) -> None:
        """Before something new is taken.

        Raises:
            InstrumentDrained: nothing new is, for now.
        """
        if held := self.all().get(instrument):
            raise InstrumentDrained(f"{instrument} is being drained by {held.text}: nothing new is taken from it.")

    def drain(self, instrument: str, by: str, reason: str) -> Pause:
        """Take nothing new; the same words again change nothing."""
        held = self.all().get(instrument)
        if held is not None and (held.by, held.reason) == (by, reason):
            return held
        pause = Pause(by=by, reason=reason, since_ns=time.time_ns())
        self._write(instrument, pause, audit.Act("instrument_drained", by, instrument, {"reason": reason}))
        return pause

    def resume(self, instrument: str, by: str) -> None:
        """Take what comes again."""
        if instrument in self.all():
            self._write(instrument, None, audit.Act("instrument_undrained", by, instrument, {}))

    def _write(self, instrument: str, pause: Pause | None, act: audit.Act) -> None:
        with self._record.write() as connection:
            put(connection, instrument, PLACE, pause)
            head = audit.append(connection, [act])
        self._audit.sign(head)
