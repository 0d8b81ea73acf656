"""What all open pages are told: each message is made once, and encoded once in each language that is read."""

import json
import threading
from dataclasses import dataclass, field
from typing import Any, Final

from dashboard.changes import Cut
from dashboard.health import Health, health_of
from dashboard.repository import Counts
from dashboard.tiles import drawn
from labrelay.words import speaking

SPREAD_MS: Final = 50
AGAIN_MS: Final = 250
SOONEST_MS: Final = 2000


@dataclass(frozen=True)
class Pace:
    """How often pages may read themselves anew, so that all together don't ask for too much.

    Attributes:
        pages: how many are open.
    """

    pages: int

    @property
    def members(self) -> dict[str, int]:
        """Milliseconds: over what time all spread what they read at once, and the least between two readings of one."""
        return {"spread_ms": self.pages * SPREAD_MS, "every_ms": max(SOONEST_MS, self.pages * AGAIN_MS)}


@dataclass(frozen=True)
class Bulletin:
    """One message to all pages.

    Attributes:
        number: grows by one with each message.
        cut: what changed.
        counts: how the lab is, where it was counted anew.
        pace: how often pages may read themselves anew.
    """

    number: int
    cut: Cut
    counts: Counts | None = None
    pace: Pace = field(default_factory=lambda: Pace(1))
    _encoded: dict[str, bytes] = field(default_factory=dict, compare=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, compare=False)

    @property
    def mark(self) -> str:
        """Names this message; a page that comes back says the mark of the last that it got."""
        return f"{self.cut.seq}.{self.number}"

    def encoded(self, language: str) -> bytes:
        """The message as an event in a language, the same bytes for all who read it."""
        with self._lock:
            if language not in self._encoded:
                with speaking(language):
                    self._encoded[language] = event("change", self.mark, self._members())
            return self._encoded[language]

    def resync(self) -> bytes:
        """What a page gets instead that lost messages, this one the last of them."""
        return event("resync", self.mark, self.pace.members)

    def _members(self) -> dict[str, Any]:
        return {
            "seq": self.cut.seq,
            "many": self.cut.many,
            "topics": sorted(self.cut.topics),
            "tiles": [drawn(tile) for tile in self.cut.tiles],
            "health": _health(health_of(self.counts)) if self.counts else None,
            **self.pace.members,
        }


def _health(health: Health) -> dict[str, Any]:
    return {
        "sentence": health.sentence,
        "counts": {
            **{state: count + health.tables.get(state, 0) for state, count in health.counts.items()},
            "needing": health.needing,
        },
        "parts": [[part.state, part.start, part.width] for part in health.segments()],
        "instruments": {each.name: each.words for each in health.instruments},
    }


def event(name: str, mark: str, members: dict[str, Any]) -> bytes:
    """One event of an SSE stream (format: WHATWG HTML, section 9.2.6)."""
    data = json.dumps(members, ensure_ascii=False, separators=(",", ":"))
    return f"id: {mark}\nevent: {name}\ndata: {data}\n\n".encode()
