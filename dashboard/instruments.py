"""The instruments' line on the first page: who sends files, and who is paused."""

import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, quote

from labrelay.contracts.pauses import Pauses

LONGEST_FORM: Final = 8192
LONGEST_REASON: Final = 300
_CONTROL: Final = re.compile(r"[\x00-\x1f]")


@dataclass(frozen=True)
class Instrument:
    """One instrument, how many of its jobs are on their way, and how it is paused."""

    name: str
    live: int
    pauses: Pauses

    @property
    def words(self) -> str:
        """What it does just now."""
        if self.pauses.active:
            text = self.pauses.text
            return text[0].upper() + text[1:]
        if self.live == 1:
            return "1 job on its way"
        return f"{self.live:,} jobs on their way" if self.live else "Nothing on its way"

    @property
    def url(self) -> str:
        """Where its buttons post to."""
        return f"/instruments/{quote(self.name, safe='')}"


def instruments_of(summary: dict[str, Any]) -> tuple[Instrument, ...]:
    """The instruments of the repository's summary; a later version may say more of each."""
    return tuple(
        Instrument(
            str(each["instrument"]),
            int(each["live"]),
            Pauses.model_validate(each.get("paused") or {}, extra="ignore"),
        )
        for each in summary.get("instruments", ())
    )


def paused_words(instruments: tuple[Instrument, ...]) -> str:
    """How the lab's sentence says that instruments are paused; empty when none is."""
    paused = [each.name for each in instruments if each.pauses.active]
    if not paused:
        return ""
    return f"{paused[0]} is paused" if len(paused) == 1 else f"{len(paused)} instruments are paused"


def reason_in(form: bytes) -> str:
    """The reason that a person typed, in one line."""
    given = parse_qs(form[:LONGEST_FORM].decode(errors="replace")).get("reason", [""])
    return " ".join(_CONTROL.sub(" ", given[0]).split())[:LONGEST_REASON]
