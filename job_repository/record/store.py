"""The record's database: one engine, write transactions one after another, migrations at start."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, insert, make_url, select, update
from sqlalchemy.exc import DBAPIError, OperationalError

from job_repository.record.models import JobRow, Meta
from labrelay.contracts.jobs import Job
from labrelay.errors import ServiceUnavailable
from labrelay.inputs import GATEWAY_DISK
from labrelay.sqlite import database_error, make_durable

ENDS: Final = "ends"
"""Key of `meta`: the highest number that the feed of ended captures ever gave."""
MIGRATIONS: Final = Path(__file__).parents[1] / "migrations"


class Record:
    """The record behind one SQLAlchemy address.

    Args:
        url: `sqlite:///…` or `postgresql+psycopg://…`.
    """

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._sqlite = self._url.get_backend_name() == "sqlite"
        self._turn = threading.RLock()
        self.engine = self._make_engine()

    def open(self) -> None:
        """Make or bring up to date the tables."""
        if self._sqlite and self._url.database:
            Path(self._url.database).parent.mkdir(parents=True, exist_ok=True)
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        with self.write() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One write transaction; those of this process take turns.

        Raises:
            ServiceUnavailable: the database can't be reached or stays locked.
        """
        with self._turn, self._reaching(), self.engine.connect() as raw:
            connection = raw.execution_options(labrelay_write=True)
            with connection.begin():
                yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent look at the record."""
        with self._reaching(), self.engine.connect() as raw:
            connection = raw if self._sqlite else raw.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    def number(self, key: str) -> int:
        """A value of `meta`, 0 when it was never set."""
        with self.read() as connection:
            return number_of(connection, key)

    def job(self, job_id: str) -> Job | None:
        """A job as the record holds it."""
        with self.read() as connection:
            doc = connection.scalar(select(JobRow.doc).where(JobRow.id == job_id))
        return Job.model_validate_json(doc) if doc else None

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            yield
        except OperationalError as error:
            if self._sqlite and self._url.database:
                raise database_error(Path(self._url.database), GATEWAY_DISK, error) from error
            raise ServiceUnavailable(f"The record can't be reached ({error.orig}).") from error
        except DBAPIError as error:
            if error.connection_invalidated:
                raise ServiceUnavailable(f"The record's connection broke ({error.orig}).") from error
            raise

    def _make_engine(self) -> Engine:
        engine = create_engine(self._url, pool_pre_ping=not self._sqlite)
        if self._sqlite:
            event.listen(engine, "connect", _tune_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
        return engine


def number_of(connection: Connection, key: str, *, lock: bool = False) -> int:
    """A value of `meta` within a transaction; `lock` holds it until the end (PostgreSQL)."""
    query = select(Meta.value).where(Meta.key == key)
    return connection.scalar(query.with_for_update() if lock else query) or 0


def set_number(connection: Connection, key: str, value: int) -> None:
    """Set a value of `meta`."""
    changed = connection.execute(update(Meta).where(Meta.key == key).values(value=value))
    if changed.rowcount == 0:
        connection.execute(insert(Meta).values(key=key, value=value))


def _tune_sqlite(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy's begin event below opens transactions
    make_durable(connection, record)


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get("labrelay_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
