"""Instruments' names and who holds them: the first installation that calls under a name keeps it.

Two PCs under one name would take each other's results away. A PC in place of another needs a person's word, as nobody
else can tell it from a mistake.
"""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from anyio.to_thread import run_sync
from sqlalchemy import delete, insert, select

from job_repository.record import audit
from job_repository.record.models import InstallationRow
from job_repository.record.store import Record
from labrelay.contracts.base import Contract
from labrelay.errors import InstrumentTaken
from labrelay.telemetry import logger

COLUMNS: Final = InstallationRow.__table__.c
RESPITE_S: Final = 60.0
"""A name that was given free isn't taken again by the one that held it for so long: its last calls may still come in,
out of a queue or a network that stood still, after its PC is switched off."""
_log = logger("job_repository.instruments.installations")


class Installation(Contract):
    """Who holds an instrument's name.

    Attributes:
        since_ns: when it first called.
        turned_away: other installations that called under the name since this process began.
    """

    installation: str
    since_ns: int
    turned_away: tuple[str, ...] = ()


class Installations:
    """The holders of all names.

    Args:
        record: the database.
        chain: its audit; a name that is given free enters it.
        now: the monotonic clock, seconds.
    """

    def __init__(self, record: Record, chain: audit.Audit, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._record = record
        self._audit = chain
        self._lock = threading.Lock()
        self._holders: dict[str, Installation] = {}
        self._former: dict[str, tuple[str, float]] = {}

    def check(self, instrument: str, installation: str) -> None:
        """Let the holder of a name pass; a caller that tells none isn't asked.

        Raises:
            InstrumentTaken: another installation holds the name.
        """
        if self._holds(instrument, installation):
            return
        with self._lock:
            self._check_former(instrument, installation)
            held = self._held(instrument, installation)
            if held.installation != installation:
                self._turn_away(instrument, installation, held)

    async def admit(self, instrument: str, installation: str) -> None:
        """As `check`, for handlers of the event loop."""
        if not self._holds(instrument, installation):
            await run_sync(self.check, instrument, installation)

    def release(self, instrument: str, by: str) -> None:
        """Give a name free: the next installation that calls under it holds it. Nothing happens where it is free."""
        with self._lock, self._record.write() as connection:
            held = connection.scalar(select(COLUMNS.installation).where(COLUMNS.instrument == instrument))
            gone = connection.execute(delete(InstallationRow).where(COLUMNS.instrument == instrument)).rowcount
            act = audit.Act("instrument_released", by, instrument, {})
            head = audit.append(connection, [act] if gone else [])
            self._holders.pop(instrument, None)
            if held:
                self._former[instrument] = (held, self._now() + RESPITE_S)
        self._audit.sign(head)

    def all(self) -> dict[str, Installation]:
        """By instrument."""
        with self._record.read() as connection:
            rows = connection.execute(select(*COLUMNS).order_by(COLUMNS.instrument)).all()
        stored = {row.instrument: Installation(installation=row.installation, since_ns=row.since_ns) for row in rows}
        return {name: self._holders.get(name, held) for name, held in stored.items()}

    def _holds(self, instrument: str, installation: str) -> bool:
        known = self._holders.get(instrument)
        return not installation or (known is not None and known.installation == installation)

    def _held(self, instrument: str, caller: str) -> Installation:
        """The holder as the record has it; the caller, where there is none yet."""
        with self._record.write() as connection:
            row = connection.execute(select(*COLUMNS).where(COLUMNS.instrument == instrument)).first()
            now = time.time_ns()
            if row is None:
                connection.execute(
                    insert(InstallationRow).values(instrument=instrument, installation=caller, since_ns=now)
                )
        before = self._holders.get(instrument)
        holder, since_ns = (row.installation, row.since_ns) if row else (caller, now)
        turned_away = before.turned_away if before else ()
        self._holders[instrument] = Installation(installation=holder, since_ns=since_ns, turned_away=turned_away)
        return self._holders[instrument]

    def _check_former(self, instrument: str, caller: str) -> None:
        former, until = self._former.get(instrument, ("", 0.0))
        if caller == former and instrument not in self._holders and self._now() < until:
            raise InstrumentTaken(
                f"The name {instrument!r} was given free for another PC; this one held it and may have it again in "
                f"{RESPITE_S:.0f} s.",
                instrument=instrument,
            )

    def _turn_away(self, instrument: str, caller: str, held: Installation) -> None:
        if caller not in held.turned_away:
            _log.warning("instrument's name is taken", instrument=instrument, holder=held.installation, caller=caller)
            away = {"turned_away": (*held.turned_away, caller)[-8:]}
            self._holders[instrument] = held.model_copy(update=away)
        since = datetime.fromtimestamp(held.since_ns / 1e9, UTC).astimezone()
        raise InstrumentTaken(
            f"Another PC has sent as {instrument!r} since {since:%Y-%m-%d %H:%M}; this one is turned away.",
            instrument=instrument,
        )
