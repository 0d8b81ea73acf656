"""The receiver on the instrument's side (59787)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from anyio import to_thread
from fastapi import FastAPI

from file_receiver.oem.aicsd_v1 import v1_router
from file_receiver.oem.arrivals import Arrivals
from file_receiver.oem.delivery import Deliveries
from file_receiver.oem.places import Places
from file_receiver.oem.pulling import Puller
from file_receiver.oem.receipts import Receipts
from labrelay.http import Client, create_app
from labrelay.http.roles import Role, allow
from labrelay.loops import OwnerLoop
from labrelay.pace import Pace
from labrelay.settings import Settings


def create(settings: Settings) -> FastAPI:
    """The app; its loop pulls what the gateway offers while it runs."""
    receipts = Receipts(settings.oem_layout.receipts)
    places = Places(receipts, settings.oem.output_folder, folder_prefix=len(settings.folders) > 1)
    pace = Pace.of(settings)
    deliveries = _deliveries(settings, receipts, places, pace)
    arrivals = Arrivals(deliveries, receipts, pace)
    loop = OwnerLoop("file-receiver-oem", arrivals.turn)

    def wake() -> None:
        arrivals.wake()
        loop.wake()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await to_thread.run_sync(receipts.open)
        await to_thread.run_sync(deliveries.remove_stale)
        loop.start()
        yield
        await to_thread.run_sync(loop.stop)
        await to_thread.run_sync(arrivals.stop)
        receipts.close()

    app = create_app("file-receiver-oem", settings, lifespan=lifespan, warned=lambda: deliveries.warning)
    app.include_router(v1_router(wake))
    _add_questions(app, places, arrivals, loop)
    return app


def _add_questions(app: FastAPI, places: Places, arrivals: Arrivals, loop: OwnerLoop) -> None:
    @app.get("/api/v2/receipts/named", tags=["receipts"])
    @allow(Role.SERVICE)
    def named(path: Path) -> dict[str, bool]:
        return {"named": places.is_named(path)}

    @app.get("/api/v2/status", tags=["status"])
    @allow(Role.VIEWER)
    def status() -> dict[str, Any]:
        return {**arrivals.status(), "trouble": loop.trouble}


def _deliveries(settings: Settings, receipts: Receipts, places: Places, pace: Pace) -> Deliveries:
    client = Client.of_edge(settings)
    instrument = settings.oem.instrument
    return Deliveries(client, instrument, receipts, places, Puller(client, instrument, pace), settings.storage)
