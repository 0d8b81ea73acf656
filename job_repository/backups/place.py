"""Where a record goes that is restored: a data folder, or a PostgreSQL database; what is there can be kept aside."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy import inspect, make_url, text

from job_repository.backups.errors import BackupBroken
from job_repository.backups.manifest import Manifest
from job_repository.backups.snapshot import kind_of, load_dump
from job_repository.record.audit_signing import HEAD
from job_repository.record.store import Record
from labrelay.files import copy_published, fsync_folder
from labrelay.layout import GatewayLayout
from labrelay.settings import Settings

WAL: Final = ("-wal", "-shm")


class Place(Protocol):
    """Where the record goes."""

    def taken(self) -> str:
        """What lies there already; empty when nothing does."""

    def clear(self, *, keys: bool) -> str:
        """Put what lies there aside, the keys too if others come; where it is now, empty when there was nothing."""

    def fill(self, copy: Path) -> None:
        """Put the record in."""


def place_of(settings: Settings, manifest: Manifest) -> Place:
    """The place that the settings name.

    Raises:
        BackupBroken: the backup is of another kind of database.
    """
    kind = kind_of(settings.record_url)
    if kind != manifest.kind:
        raise BackupBroken(
            f"The backup is of a {manifest.kind} record, and the settings name a {kind} one.",
            next_step="Set `record.url` to a database of the backup's kind.",
        )
    folder = _Folder(settings.gateway_layout)
    if kind == "sqlite":
        return _File(folder, Path(make_url(settings.record_url).database or ""))
    return _Database(folder, settings.record_url)


class _Folder:
    """What a gateway keeps beside its record: the embedded live store, switches, keys."""

    def __init__(self, layout: GatewayLayout) -> None:
        self._layout = layout

    def taken(self) -> str:
        redis = self._layout.redis
        return str(redis) if redis.is_dir() and any(redis.iterdir()) else ""

    def clear(self, extra: list[Path], *, keys: bool) -> str:
        layout = self._layout
        mine = [layout.redis, layout.switches, layout.plate_news, layout.root / "restored-settings.json", *extra]
        mine += sorted(layout.secrets.iterdir()) if keys and layout.secrets.is_dir() else [layout.secrets / HEAD]
        there = [path for path in mine if path.exists()]
        aside = layout.root / f"aside-{datetime.fromtimestamp(time.time(), UTC):%Y%m%dT%H%M%S.%fZ}"
        for path in there:
            target = aside / ("secrets" if path.parent == layout.secrets else "") / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
        return str(aside.absolute()) if there else ""


class _File:
    """An SQLite record."""

    def __init__(self, folder: _Folder, file: Path) -> None:
        self._folder = folder
        self._file = file

    def taken(self) -> str:
        return str(self._file) if self._file.exists() else self._folder.taken()

    def clear(self, *, keys: bool) -> str:
        files = [self._file, *(self._file.with_name(self._file.name + suffix) for suffix in WAL)]
        return self._folder.clear(files, keys=keys)

    def fill(self, copy: Path) -> None:
        copy_published(copy, self._file)
        fsync_folder(self._file.parent)


class _Database:
    """A PostgreSQL record: the schema `public` of its database."""

    def __init__(self, folder: _Folder, url: str) -> None:
        self._folder = folder
        self._url = url

    def taken(self) -> str:
        record = Record(self._url)
        try:
            with record.read() as connection:
                tables = inspect(connection).get_table_names()
        finally:
            record.close()
        return f"tables in {make_url(self._url).database}" if tables else self._folder.taken()

    def clear(self, *, keys: bool) -> str:
        aside = self._folder.clear([], keys=keys)
        if not self.taken().startswith("tables"):
            return aside
        schema = f"aside_{time.time_ns()}"
        record = Record(self._url)
        try:
            with record.write() as connection:
                connection.execute(text(f"ALTER SCHEMA public RENAME TO {schema}"))
                connection.execute(text("CREATE SCHEMA public"))
        finally:
            record.close()
        return f"{aside} schema {schema}".strip()

    def fill(self, copy: Path) -> None:
        load_dump(self._url, copy)
