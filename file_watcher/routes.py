"""The journal over HTTP: what the data organizer takes, what it tells, what people look at."""

import time
from typing import Annotated

from anyio import move_on_after, to_thread
from fastapi import APIRouter, Query
from sqlalchemy import RowMapping

from file_watcher.bodies import (
    Acceptance,
    Ended,
    Entries,
    FirstLook,
    FolderStatus,
    Pending,
    PendingEntry,
    Refusal,
    Resync,
    Scanned,
    State,
    Status,
)
from file_watcher.preview import preview
from file_watcher.progress import Progress
from file_watcher.watcher import Watcher
from labrelay.contracts.preview import Preview
from labrelay.http.roles import Role, allow
from labrelay.settings import Settings

Limit = Annotated[int, Query(ge=0, le=1000)]
Wait = Annotated[float, Query(ge=0, le=60)]


def router(watcher: Watcher, settings: Settings) -> APIRouter:
    """The journal's routes."""
    routes = APIRouter(prefix="/api/v2", tags=["journal"])
    _add_exchange(routes, watcher)
    _add_views(routes, watcher)

    @routes.get("/preview", name="preview")
    @allow(Role.VIEWER)
    def look_ahead(folder: str = "") -> Preview:
        """What a scan would take, before it does; names and sizes of every file are looked at."""
        return preview(settings, folder)

    return routes


def _add_exchange(routes: APIRouter, watcher: Watcher) -> None:
    @routes.get("/journal/pending")
    @allow(Role.SERVICE)
    async def pending(limit: Limit = 100, wait: Wait = 0.0) -> Pending:
        """Finished contents that no gateway has accepted; waits up to `wait` seconds for one."""
        ends = time.monotonic() + wait
        with watcher.bell.listening() as rung:
            while True:
                rung.clear()
                page = await to_thread.run_sync(_pending, watcher, limit)
                left = ends - time.monotonic()
                if page.entries or left <= 0:
                    return page
                with move_on_after(left):
                    await rung.wait()

    @routes.post("/journal/accepted", status_code=204)
    @allow(Role.SERVICE)
    def accepted(acceptances: list[Acceptance]) -> None:
        """The gateway took these."""
        watcher.acceptances.accept(acceptances)
        watcher.bell.ring()

    @routes.post("/journal/resync", status_code=204)
    @allow(Role.SERVICE)
    def resync(told: Resync) -> None:
        """The gateway knows another predecessor."""
        watcher.acceptances.resync(told)
        watcher.bell.ring()

    @routes.post("/journal/refused", status_code=204)
    @allow(Role.SERVICE)
    def refused(refusals: list[Refusal]) -> None:
        """The gateway refused these; the next scan lets them try again."""
        watcher.acceptances.refuse(refusals)

    @routes.post("/journal/ended", status_code=204)
    @allow(Role.SERVICE)
    def ended(page: Ended) -> None:
        """The record holds the end of these captures."""
        watcher.acceptances.end(page)
        watcher.bell.ring()


def _add_views(routes: APIRouter, watcher: Watcher) -> None:
    @routes.get("/journal")
    @allow(Role.VIEWER)
    def journal(
        path: str | None = None,
        state: State | None = None,
        limit: Limit = 100,
        folder: str | None = None,
        before: int | None = None,
    ) -> Entries:
        """The journal's rows, newest first; `before` is the last id of the page before."""
        return watcher.overview.entries(path, state, limit, folder, before)

    @routes.get("/status")
    @allow(Role.VIEWER)
    def status() -> Status:
        """How each folder fares."""
        return _status(watcher)

    @routes.post("/scan")
    @allow(Role.OPERATOR)
    def scan(emptied: bool = False) -> Scanned:
        """Look at all folders now; `emptied` says that folders that are empty are meant to be."""
        return Scanned(scanned=watcher.scan(emptied=emptied))


def _pending(watcher: Watcher, limit: int) -> Pending:
    epoch, cursor = watcher.acceptances.position()
    rows = watcher.acceptances.pending(list(watcher.folders), limit)
    told = watcher.acceptances.feed_epoch()
    return Pending(epoch=epoch, cursor=cursor, feed_epoch=told, entries=tuple(_entry(watcher, row) for row in rows))


def _entry(watcher: Watcher, row: RowMapping) -> PendingEntry:
    folder = watcher.folders[row["folder"]]
    return PendingEntry(
        id=row["id"],
        folder=folder.name,
        path=row["path"],
        size=row["size"],
        sha256=row["sha256"],
        modified_ns=row["mtime_ns"],
        predecessor=row["predecessor"] if row["resynced"] else row["forerunner"],
        directory=folder.directory(row["path"]),
        attributes=folder.rule.attributes,
        must_match=folder.rule.must_match,
        capture_id=row["capture_id"],
    )


def _status(watcher: Watcher) -> Status:
    epoch, cursor = watcher.acceptances.position()
    counts = watcher.overview.counts()
    return Status(
        epoch=epoch,
        cursor=cursor,
        folders=tuple(_folder(watcher, name, counts.get(name, {})) for name in watcher.folders),
        refused=watcher.overview.entries(state="refused", limit=20).items,
        trouble=watcher.trouble,
    )


def _folder(watcher: Watcher, name: str, counts: dict[str, int]) -> FolderStatus:
    lookout, reconciler = watcher.lookouts[name], watcher.reconcilers[name]
    return FolderStatus(
        name=name,
        path=str(lookout.folder.root),
        completion=reconciler.policy.name,
        observer="polling" if lookout.polled else "events",
        watched=lookout.watched,
        found=sum(counts.values()),
        waiting=reconciler.waiting,
        ignored=reconciler.ignored,
        waits=reconciler.waits,
        first_look=_first_look(reconciler.progress),
        unreachable=lookout.unreachable,
        troubles=reconciler.troubles,
        **counts,
    )


def _first_look(progress: Progress | None) -> FirstLook | None:
    return None if progress is None else FirstLook(**vars(progress))
