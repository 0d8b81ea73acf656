"""The ending loop: the gateway's feed of ended captures goes into the journal, which keeps the place in it.

The feed also tells whether the gateway has paused this instrument, which goes into the pause file; a pause that was
set on this machine is told back.
"""

import time
from dataclasses import dataclass
from typing import Final

from data_organizer.journal import Journal
from labrelay import __version__
from labrelay.contracts.captures import EndedCaptures, PausedThere
from labrelay.contracts.pauses import Pauses
from labrelay.heads import Heads
from labrelay.http import Client
from labrelay.pause import PauseFiles
from labrelay.settings import Settings

WAIT_S: Final = 10.0
PAGE: Final = 1000
"""Captures that the gateway tells of at once."""
HEADERS: Final = {"X-Labrelay-Version": __version__}


@dataclass(frozen=True)
class Heard:
    """What the gateway said of itself, and when (seconds of this machine's clock).

    Attributes:
        ahead_s: how far the gateway's clock is ahead of this machine's, seconds.
    """

    at_s: float = 0.0
    version: str = ""
    ahead_s: float = 0.0


class EndedFeed:
    """Reads what ended on the gateway since the journal's cursor.

    Args:
        journal: the watcher's.
        settings: the machine's settings.
        wait_s: how long one turn waits for news, seconds.
    """

    def __init__(self, journal: Journal, settings: Settings, wait_s: float = WAIT_S) -> None:
        self._journal = journal
        self._edge = Client.of_edge(settings, retries=0)
        self._instrument = settings.oem.instrument
        self._pauses = PauseFiles(settings.oem_layout)
        self._heads = Heads(settings.oem_layout)
        self._wait_s = wait_s
        self.heard = Heard()

    def turn(self) -> bool:
        """One page of the feed; True when there may be more: what ends later is told together."""
        place = self._journal.position()
        page = self._page(place.cursor, place.feed_epoch)
        news = bool(page.ended) or page.next != place.cursor or {page.epoch} != {place.epoch, place.feed_epoch}
        if news:
            same = place.epoch in (None, page.epoch) and page.kept is None
            following = page.next if same else 0  # a new epoch's feed is read from its start
            self._journal.ended(page.epoch, following, page.ended, page.kept)
        self._heads.keep(page.head)
        self._heed(page.paused)  # last: a disk that takes no pause is no reason to leave captures open
        self._tell(page.paused)
        return len(page.ended) >= PAGE

    def _heed(self, told: Pauses) -> None:
        if told.gateway != self._pauses.read().gateway:
            self._pauses.set_gateway(told.gateway)

    def _tell(self, told: Pauses) -> None:
        here = self._pauses.read().instrument
        if told.instrument != here:
            said = PausedThere(instrument=self._instrument, pause=here)
            self._edge.post("/edge/v2/captures/paused", said.model_dump(mode="json"))

    def _page(self, after: int, epoch: int | None) -> EndedCaptures:
        known = self._pauses.read().gateway
        query = {"instrument": self._instrument, "after": after, "wait": self._wait_s, "epoch": epoch}
        query |= {"paused_ns": known.since_ns if known else 0, "now_ns": time.time_ns()}
        answer = self._edge.get("/edge/v2/captures/ended", params=query, headers=HEADERS, read_s=self._wait_s + 15)
        page = EndedCaptures.model_validate(answer)
        ahead_s = page.now_ns / 1e9 - time.time() if page.now_ns else 0.0
        self.heard = Heard(time.time(), page.version, round(ahead_s, 3))
        return page
