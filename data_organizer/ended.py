"""The ending loop: the gateway's feed of ended captures goes into the journal, which keeps the place in it.

The feed also tells whether the gateway has paused this instrument, which goes into the pause file; a pause that was
set on this machine is told back.
"""

from typing import Final

from data_organizer.journal import Journal
from labrelay.contracts.captures import EndedCaptures, PausedThere
from labrelay.contracts.pauses import Pauses
from labrelay.http import Client
from labrelay.pause import PauseFiles
from labrelay.settings import Settings

WAIT_S: Final = 10.0


class EndedFeed:
    """Reads what ended on the gateway since the journal's cursor.

    Args:
        journal: the watcher's.
        settings: the machine's settings.
        wait_s: how long one turn waits for news, seconds.
    """

    def __init__(self, journal: Journal, settings: Settings, wait_s: float = WAIT_S) -> None:
        self._journal = journal
        self._edge = Client(settings.edge_url, tls=settings.oem.tls, retries=0)
        self._instrument = settings.oem.instrument
        self._pauses = PauseFiles(settings.oem_layout)
        self._wait_s = wait_s

    def turn(self) -> bool:
        """One page of the feed; True when it told something."""
        epoch, cursor = self._journal.position()
        page = self._page(cursor)
        news = bool(page.ended) or page.epoch != epoch or page.next != cursor
        if news:
            following = page.next if epoch in (None, page.epoch) else 0  # a new epoch's feed is read from its start
            self._journal.ended(page.epoch, following, page.ended)
        self._heed(page.paused)  # last: a disk that takes no pause is no reason to leave captures open
        self._tell(page.paused)
        return news

    def _heed(self, told: Pauses) -> None:
        if told.gateway != self._pauses.read().gateway:
            self._pauses.set_gateway(told.gateway)

    def _tell(self, told: Pauses) -> None:
        here = self._pauses.read().instrument
        if told.instrument != here:
            said = PausedThere(instrument=self._instrument, pause=here)
            self._edge.post("/edge/v2/captures/paused", said.model_dump(mode="json"))

    def _page(self, after: int) -> EndedCaptures:
        known = self._pauses.read().gateway
        paused_ns = known.since_ns if known else 0
        query = {"instrument": self._instrument, "after": after, "wait": self._wait_s, "paused_ns": paused_ns}
        answer = self._edge.get("/edge/v2/captures/ended", params=query, read_s=self._wait_s + 15)
        return EndedCaptures.model_validate(answer)
