"""The instruments' line on the first page: who sends files, and who is paused."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from dashboard.quantities import clock
from labrelay.contracts.pauses import Pause, Pauses
from labrelay.words import N_, _, ngettext

LONGEST_REASON: Final = 300
PAUSED_HERE: Final = N_("Paused from the gateway by {name} since {time}")
PAUSED_THERE: Final = N_("Paused at the instrument by {name} since {time}")


@dataclass(frozen=True)
class Instrument:
    """One instrument.

    Attributes:
        live: its jobs that are on their way.
        pauses: who has paused it.
        last_ns: when one of its jobs changed last, wall clock.
        silent_since_ns: since when it has been silent though it shouldn't, wall clock; 0 when it isn't.
    """

    name: str
    live: int
    pauses: Pauses
    last_ns: int = 0
    silent_since_ns: int = 0

    @property
    def silent(self) -> bool:
        """Whether somebody should see why nothing comes from it."""
        return bool(self.silent_since_ns) and not self.pauses.active

    @property
    def words(self) -> str:
        """What it does just now."""
        held = ((PAUSED_HERE, self.pauses.gateway), (PAUSED_THERE, self.pauses.instrument))
        told = [_paused(text, pause) for text, pause in held if pause]
        if told:
            return "; ".join(told)
        if self.silent:
            return _("Silent since {time}").format(time=clock(self.silent_since_ns))
        if not self.live:
            return _("Nothing on its way")
        return ngettext("{n} job on its way", "{n} jobs on their way", self.live).format(n=f"{self.live:,}")

    @property
    def url(self) -> str:
        """Where its buttons post to."""
        return f"/instruments/{quote(self.name, safe='')}"


def _paused(text: str, pause: Pause) -> str:
    since = datetime.fromtimestamp(pause.since_ns / 1e9, UTC).astimezone()
    told = _(text).format(name=pause.by, time=f"{since:%Y-%m-%d %H:%M}")
    return f"{told}, {pause.reason}" if pause.reason else told


def instruments_of(summary: dict[str, Any]) -> tuple[Instrument, ...]:
    """The instruments of the repository's summary; a later version may say more of each."""
    return tuple(
        Instrument(
            str(each["instrument"]),
            int(each["live"]),
            Pauses.model_validate(each.get("paused") or {}, extra="ignore"),
            int(each.get("last_ns") or 0),
            int(each.get("silent_since_ns") or 0),
        )
        for each in summary.get("instruments", ())
    )
