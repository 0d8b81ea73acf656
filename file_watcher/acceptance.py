"""What the gateway said about the journal's entries: pending → open (accepted) → closed (ended), or refused.

Entries of one path are handed out one at a time and in order, each with its forerunner's capture as predecessor.
A gateway with a new epoch may have lost what it had not yet put on record, so all that isn't closed is announced again.
One whose record was restored from a backup has lost ends too: it says up to which number it keeps them, and what was
closed by later ones is announced again under the name that it had.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Row,
    RowMapping,
    and_,
    bindparam,
    exists,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.sql.selectable import Select

from file_watcher.bodies import Acceptance, Ended, Refusal, Resync
from file_watcher.database import Database, closings, early_ends, entries, meta

AnyRow = Row[tuple[object, ...]]
UNNUMBERED: Final = 2**62
"""For an end that was told with an acceptance: nobody knows its number, so any fall of the record opens it again."""


class Acceptances:
    """The gateway's side of the journal.

    Args:
        database: the journal's file.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def pending(self, folders: Sequence[str], limit: int) -> list[RowMapping]:
        """Entries that wait for their announcement, oldest first, each with its `forerunner`'s capture."""
        with self._database.reading() as connection:
            return list(connection.execute(_pending_query(folders, limit)).mappings())

    def position(self) -> tuple[int | None, int]:
        """The gateway's epoch as last heard, and the cursor of the feed of ended captures."""
        with self._database.reading() as connection:
            return _get(connection, "epoch"), _get(connection, "cursor") or 0

    def feed_epoch(self) -> int | None:
        """The epoch whose feed was read last; journals of the time before this was kept have that of the gateway."""
        with self._database.reading() as connection:
            told = _get(connection, "feed_epoch")
            return _get(connection, "epoch") if told is None else told

    def accept(self, acceptances: Sequence[Acceptance]) -> None:
        """The gateway took these announcements."""
        with self._database.writing() as connection:
            for epoch, same in groupby(acceptances, key=lambda each: each.epoch):
                _see_epoch(connection, epoch)
                _open(connection, list(same), epoch)

    def resync(self, told: Resync) -> None:
        """The gateway knows another predecessor: adopt what is the same content, else go on from what it knows."""
        with self._database.writing() as connection:
            entry = connection.execute(select(entries).where(entries.c.id == told.id)).one_or_none()
            if entry is None or entry.state == "closed":
                return
            adopted = _same_capture(connection, entry, told)
            if adopted is not None:
                epoch = _get(connection, "epoch")
                _open(connection, [Acceptance(id=entry.id, capture_id=adopted, epoch=epoch or 0)], epoch)
            else:
                values = {"resynced": True, "predecessor": told.last_capture_id}
                connection.execute(update(entries).where(entries.c.id == entry.id).values(**values))

    def refuse(self, refusals: Sequence[Refusal]) -> None:
        """The gateway refused these; they stay, with the reason, until `retry_refused`."""
        with self._database.writing() as connection:
            for each in refusals:
                waiting = and_(entries.c.id == each.id, entries.c.state == "pending")
                connection.execute(update(entries).where(waiting).values(state="refused", cause=each.cause))

    def retry_refused(self) -> int:
        """Let all refused entries be announced again; their number."""
        with self._database.writing() as connection:
            again = update(entries).where(entries.c.state == "refused").values(state="pending")
            return connection.execute(again).rowcount

    def end(self, page: Ended) -> None:
        """The record holds the end of these captures; keep the cursor, which starts anew in a new epoch."""
        with self._database.writing() as connection:
            renewed = _see_epoch(connection, page.epoch)
            if page.kept is not None:
                _reopen(connection, page.kept)
            for capture_id in page.captures:
                closing = update(entries).where(entries.c.capture_id == capture_id).values(state="closed", cause="")
                if connection.execute(closing).rowcount == 0:
                    connection.execute(insert(early_ends).values(capture_id=capture_id).on_conflict_do_nothing())
            _number(connection, page.captures, page.next)
            _set(connection, "cursor", 0 if renewed else page.next)
            _set(connection, "feed_epoch", page.epoch)


def _pending_query(folders: Sequence[str], limit: int) -> Select[tuple[object, ...]]:
    before = entries.alias("before")
    same_path = and_(before.c.folder == entries.c.folder, before.c.path == entries.c.path)
    unsettled = and_(same_path, before.c.generation < entries.c.generation, before.c.state.in_(("pending", "refused")))
    forerunner = (
        select(before.c.capture_id)
        .where(same_path, before.c.generation == entries.c.generation - 1)
        .correlate(entries)
        .scalar_subquery()
    )
    return (
        select(entries, forerunner.label("forerunner"))
        .where(entries.c.state == "pending", entries.c.folder.in_(folders), ~exists().where(unsettled))
        .order_by(entries.c.id)
        .limit(limit)
    )


def _open(connection: Connection, accepted: Sequence[Acceptance], epoch: int | None) -> None:
    captures = [each.capture_id for each in accepted]
    ended = _ended_already(connection, captures) | {each.capture_id for each in accepted if each.ended}
    mine = and_(entries.c.id == bindparam("entry"), entries.c.state != "closed")
    state: BindParameter[str] = bindparam("state")
    capture: BindParameter[str] = bindparam("capture_id")
    rows = [
        {"entry": each.id, "capture_id": each.capture_id, "state": "closed" if each.capture_id in ended else "open"}
        for each in accepted
    ]
    connection.execute(update(entries).where(mine).values(state=state, capture_id=capture, epoch=epoch, cause=""), rows)
    connection.execute(early_ends.delete().where(early_ends.c.capture_id.in_(captures)))
    for capture_id in ended:
        told = insert(closings).values(capture_id=capture_id, number=UNNUMBERED)
        connection.execute(told.on_conflict_do_nothing())


def _number(connection: Connection, captures: Sequence[str], number: int) -> None:
    """A page's own number stands for all its ends: too high a number only makes one announcement more."""
    statement = insert(closings)
    upsert = statement.on_conflict_do_update(
        index_elements=["capture_id"], set_={"number": statement.excluded["number"]}
    )
    if captures:
        connection.execute(upsert, [{"capture_id": each, "number": number} for each in captures])


def _reopen(connection: Connection, kept: int) -> None:
    lost = select(closings.c.capture_id).where(closings.c.number > kept)
    closed = and_(entries.c.state == "closed", entries.c.capture_id.in_(lost))
    connection.execute(update(entries).where(closed).values(state="pending"))
    connection.execute(early_ends.delete())
    connection.execute(closings.delete().where(closings.c.number > kept))


def _ended_already(connection: Connection, captures: Sequence[str]) -> set[str]:
    early = select(early_ends.c.capture_id).where(early_ends.c.capture_id.in_(captures))
    closed = select(entries.c.capture_id).where(entries.c.capture_id.in_(captures), entries.c.state == "closed")
    return {capture_id for query in (early, closed) for (capture_id,) in connection.execute(query)}


def _same_capture(connection: Connection, entry: AnyRow, told: Resync) -> str | None:
    """The capture that the entry already is on the gateway, if there is one."""
    if told.last_capture_id is None:
        return None
    if told.last_sha256 == entry.sha256:
        return told.last_capture_id
    if entry.capture_id is None:
        return None
    # A gateway that knows a later content of this path has taken this one before it.
    return str(entry.capture_id) if _is_later(connection, entry, told.last_capture_id) else None


def _is_later(connection: Connection, entry: AnyRow, capture_id: str) -> bool:
    same_path: ColumnElement[bool] = and_(entries.c.folder == entry.folder, entries.c.path == entry.path)
    later = and_(same_path, entries.c.generation > entry.generation, entries.c.capture_id == capture_id)
    return connection.execute(select(entries.c.id).where(later)).first() is not None


def _see_epoch(connection: Connection, epoch: int) -> bool:
    """Take note of the gateway's epoch; True when it is a new one and unclosed entries were re-opened."""
    known = _get(connection, "epoch")
    if known == epoch:
        return False
    _set(connection, "epoch", epoch)
    older = and_(entries.c.state == "open", or_(entries.c.epoch.is_(None), entries.c.epoch != epoch))
    connection.execute(update(entries).where(older).values(state="pending"))
    if known is not None:
        _set(connection, "cursor", 0)
    return known is not None


def _get(connection: Connection, key: str) -> int | None:
    return connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar_one_or_none()


def _set(connection: Connection, key: str, value: int) -> None:
    statement = insert(meta).values(key=key, value=value)
    connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"value": value}))
