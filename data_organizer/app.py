"""The data organizer's app (port 59781, loopback)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

from anyio import to_thread
from fastapi import FastAPI

from data_organizer import aicsd_v1
from data_organizer.announce import Announcer
from data_organizer.announcement import Gateway
from data_organizer.ended import EndedFeed
from data_organizer.journal import Journal
from data_organizer.notification import Notifications
from data_organizer.watching import Watching
from labrelay.contracts.attributes import Attributes
from labrelay.contracts.base import Contract
from labrelay.http import create_app
from labrelay.http.roles import Role, allow
from labrelay.loops import OwnerLoop
from labrelay.settings import Settings

IDLE_S = 0.2
WATCHING_S = 10.0


class Read(Contract):
    """What a path tells: its attributes, and for each the source that it was read by."""

    attributes: Attributes
    read_by: dict[str, str]


def create(settings: Settings) -> FastAPI:
    """The app; announcing begins and ends with it.

    Raises:
        SettingsInvalid: a preset, pattern or rule by which names are read isn't one.
    """
    journal, gateway = Journal(settings), Gateway(settings)
    announcer = Announcer(journal, gateway)
    feed = EndedFeed(journal, settings)
    loops = (
        OwnerLoop("data-organizer-announce", announcer.turn, idle_s=IDLE_S),
        OwnerLoop("data-organizer-ended", feed.turn, idle_s=IDLE_S),
        OwnerLoop("data-organizer-watching", Watching(journal, settings).turn, idle_s=WATCHING_S),
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        for loop in loops:
            loop.start()
        yield
        for loop in loops:  # they may sit in a long poll; only announcing is worth waiting for
            loop.stop(0.0)
        await to_thread.run_sync(announcer.close)

    # A gateway that is away is waited for, not unreadiness.
    app = create_app("data-organizer", settings, lifespan=lifespan)
    app.include_router(aicsd_v1.router(Notifications(settings, journal, gateway), journal))

    @app.get("/api/v2/status", tags=["status"])
    @allow(Role.VIEWER)
    def status() -> dict[str, Any]:
        """Why announcing or the feed of ended captures halts, empty while all is well; and what the gateway said."""
        return {"announce": loops[0].trouble, "ended": loops[1].trouble, "gateway": asdict(feed.heard)}

    @app.get("/api/v2/attributes", tags=["attributes"])
    @allow(Role.VIEWER)
    def attributes(name: str, folder: str = "") -> Read:
        """What a file of this path below a watched folder would be announced with, and what told each attribute."""
        reading = gateway.reading(name, folder)
        return Read(attributes=reading.attributes, read_by=reading.read_by)

    return app
