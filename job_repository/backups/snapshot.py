"""One consistent copy of the record while the gateway works: SQLite's online backup, or `pg_dump`."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from alembic.migration import MigrationContext
from sqlalchemy import URL, Connection, func, make_url, select

from job_repository.backups.errors import BackupBroken, BackupFailed
from job_repository.backups.manifest import Facts
from job_repository.record.audit import head_of
from job_repository.record.models import CaptureRow, JobRow
from job_repository.record.store import Record, number_of

LONGEST_S: Final = 3600.0
_BINARIES: Final = "/usr/lib/postgresql"


def kind_of(url: str) -> str:
    """`sqlite` or `postgresql`."""
    return make_url(url).get_backend_name()


def snapshot(url: str, target: Path) -> Facts:
    """Copy the record to a file, whole and consistent; nobody has to wait meanwhile.

    Raises:
        BackupFailed: it can't be read, or the copy can't be written.
        BackupBroken: the record itself is damaged.
    """
    if kind_of(url) == "sqlite":
        _copy_sqlite(Path(make_url(url).database or ""), target)
        return check_sqlite(target)
    facts = _look(Record(url))
    _run("pg_dump", ["--format=custom", "--no-owner", "--no-privileges", f"--file={target}"], make_url(url))
    return facts


def check_sqlite(file: Path) -> Facts:
    """What a copy of an SQLite record holds.

    Raises:
        BackupBroken: it is damaged, or no record.
    """
    try:
        with closing(sqlite3.connect(f"file:{file.as_posix()}?mode=ro", uri=True)) as connection:
            damage = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise BackupBroken(f"The record's copy can't be read ({error}).") from error
    if damage != "ok":
        raise BackupBroken(f"The record's copy is damaged ({damage}).")
    return _look(Record(f"sqlite:///{file.as_posix()}"))


def load_dump(url: str, file: Path) -> None:
    """Fill an empty PostgreSQL database from a dump.

    Raises:
        BackupFailed: it doesn't work; nothing is in the database then.
    """
    _run(
        "pg_restore",
        ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", str(file)],
        make_url(url),
    )


def _copy_sqlite(source: Path, target: Path) -> None:
    if not source.is_file():
        raise BackupFailed(f"There is no record at {source}.", next_step="Start the gateway once, or correct `data`.")
    try:
        with closing(sqlite3.connect(source, timeout=30)) as reading, closing(sqlite3.connect(target)) as writing:
            reading.backup(writing)  # in one step: a look at one moment, which lets writers go on (WAL)
            writing.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise BackupFailed(f"The record couldn't be copied ({error}).") from error


def _look(record: Record) -> Facts:
    try:
        with record.read() as connection:
            return _facts(connection)
    finally:
        record.close()


def _facts(connection: Connection) -> Facts:
    head = head_of(connection)
    return Facts(
        revision=str(MigrationContext.configure(connection).get_current_revision()),
        epoch=number_of(connection, "epoch"),
        applied=number_of(connection, "applied"),
        audit_number=head.number,
        audit_hash=head.hash,
        captures=connection.scalar(select(func.count()).select_from(CaptureRow)) or 0,
        jobs=connection.scalar(select(func.count()).select_from(JobRow)) or 0,
    )


def _run(tool: str, arguments: list[str], url: URL) -> None:
    with _address(tool, url) as (program, address, environment):
        command = [program, "--no-password", f"--dbname={address}", *arguments]
        try:
            done = subprocess.run(command, env=environment, capture_output=True, timeout=LONGEST_S, check=False)  # noqa: S603
        except (OSError, subprocess.TimeoutExpired) as error:
            raise BackupFailed(f"{tool} didn't work ({error}).") from error
        if done.returncode:
            raise BackupFailed(f"{tool} failed: {done.stderr.decode(errors='replace').strip()[-300:]}")


@contextmanager
def _address(tool: str, url: URL) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    """The program, the address without its password, and the environment that holds it."""
    program = _program(tool)
    if program is None:
        step = "Install PostgreSQL's client programs (Debian: postgresql-client) on this machine."
        raise BackupFailed(f"The record is in PostgreSQL, and {tool} isn't installed.", next_step=step)
    plain = url.set(drivername="postgresql", password=None)
    secret: dict[str, Any] = {"PGPASSWORD": str(url.password)} if url.password else {}
    yield program, plain.render_as_string(), {**os.environ, **secret}


def _program(tool: str) -> str | None:
    newest = sorted(Path(_BINARIES).glob("*/bin"), reverse=True)
    return shutil.which(tool) or next((str(each / tool) for each in newest if (each / tool).is_file()), None)
