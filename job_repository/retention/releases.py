"""What retention rules let go: written down before it is deleted, so that no job begins with what is about to go."""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, insert, select, update

from job_repository.jobs.conflicts import InputGone
from job_repository.record import audit
from job_repository.record.models import ReleaseRow
from job_repository.record.store import Record
from labrelay.contracts.jobs import Job, Source
from labrelay.contracts.retention import Kind, Released
from labrelay.contracts.states import Stage

LOCKS: Final = 64
GOING: Final = "going"
GONE: Final = "gone"
COLUMNS = ReleaseRow.__table__.c


def content_key(instrument: str, sha256: str) -> str:
    """The key of a content in the input store."""
    return f"{instrument}/{sha256}"


def contents_of(job: Job) -> set[str]:
    """All contents that a job needs, of a set those of all its members."""
    sources = (job.source, *(member.source for member in job.members))
    return {content_key(source.instrument, source.sha256) for source in sources}


@dataclass(frozen=True)
class Release:
    """One thing that was let go."""

    kind: Kind
    key: str
    state: str
    at_ns: int
    rule: str

    @property
    def day(self) -> str:
        """When, for people."""
        return datetime.fromtimestamp(self.at_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M UTC")


class Releases:
    """Rows of releases, and the locks that keep a decision to delete apart from a decision to begin again.

    Args:
        record: the database.
        chain: its audit; each release and its end enter it.
    """

    def __init__(self, record: Record, chain: audit.Audit) -> None:
        self._record = record
        self._audit = chain
        self._locks = [threading.Lock() for _ in range(LOCKS)]

    @contextmanager
    def standing(self, names: Iterable[str]) -> Iterator[None]:
        """While this holds nothing of these names (contents, jobs) is let go by another thread."""
        with ExitStack() as stack:
            for place in sorted({hash(name) % LOCKS for name in names}):
                stack.enter_context(self._locks[place])
            yield

    def of(self, kind: Kind, keys: Iterable[str]) -> dict[str, Release]:
        """What was let go of these."""
        query = select(*COLUMNS).where(COLUMNS.kind == kind.value, COLUMNS.key.in_(list(keys)))
        with self._record.read() as connection:
            rows = connection.execute(query).all()
        return {row.key: Release(kind, row.key, row.state, row.at_ns, row.rule) for row in rows}

    def going(self, kind: Kind) -> list[str]:
        """What was let go and isn't said to be deleted yet."""
        query = select(COLUMNS.key).where(COLUMNS.kind == kind.value, COLUMNS.state == GOING)
        with self._record.read() as connection:
            return list(connection.scalars(query))

    def let_go(self, released: Released) -> None:
        """Its owner may delete it now; to say so again changes nothing."""
        known = self.of(released.kind, [released.key]).get(released.key)
        if known is not None and known.state == GOING:
            return
        row = {"state": GOING, "at_ns": time.time_ns(), "rule": released.rule, "actor": released.actor}
        body = released.model_dump(mode="json", include={"kind", "key", "size", "sha256", "rule"})
        with self._record.write() as connection:
            connection.execute(delete(ReleaseRow).where(_is(released.kind, released.key)))
            connection.execute(insert(ReleaseRow).values(kind=released.kind.value, key=released.key, **row))
            head = audit.append(connection, [_act("released", released.kind, released.key, released.actor, body)])
        self._audit.sign(head)

    def end(self, kind: Kind, key: str, *, deleted: bool) -> None:
        """Its owner has deleted it, or keeps it after all; to say so again changes nothing."""
        known = self.of(kind, [key]).get(key)
        if known is None or (deleted and known.state == GONE):
            return
        here = _is(kind, key)
        change = update(ReleaseRow).where(here).values(state=GONE) if deleted else delete(ReleaseRow).where(here)
        body = {"kind": kind.value, "key": key, "rule": known.rule}
        with self._record.write() as connection:
            connection.execute(change)
            act = _act("deleted" if deleted else "kept", kind, key, "retention", body)
            head = audit.append(connection, [act])
        self._audit.sign(head)

    def came_back(self, instrument: str, sha256: str) -> None:
        """The content stands in the store again."""
        key = content_key(instrument, sha256)
        either = COLUMNS.kind.in_([Kind.INPUTS.value, Kind.PUSHES.value])
        with self._record.read() as connection:
            released = list(connection.scalars(select(COLUMNS.kind).where(either, COLUMNS.key == key)))
        for kind in released:
            self.end(Kind(kind), key, deleted=False)

    def asked_again(self, job: Job) -> Job:
        """A job that begins again without its bytes says where they went.

        Raises:
            InputGone: a rule has deleted them, and nobody has them who could send them.
        """
        if job.stage is not Stage.AWAITING_INPUT:
            return job
        gone = self._gone(job.source)
        if gone is None:
            return job
        original = self.of(Kind.ORIGINALS, [job.source.capture_id]).get(job.source.capture_id)
        if job.source.returns == "none":
            raise InputGone(
                f"The gateway deleted this pushed file on {gone.day} (retention: {gone.rule}).",
                next_step="Push the file again, then retry the job.",
            )
        if original is not None:
            raise InputGone(
                f"{job.source.path} was deleted on the instrument on {original.day} ({original.rule}) and on the "
                f"gateway on {gone.day} ({gone.rule}). Its SHA-256 is {job.source.sha256}.",
                next_step="Put the file back into its folder from where you archive images, then retry the job.",
            )
        words = f"The gateway deleted its copy on {gone.day} ({gone.rule}); the instrument is asked for the file again."
        return job.model_copy(update={"overdue": words})

    def _gone(self, source: Source) -> Release | None:
        key = content_key(source.instrument, source.sha256)
        return self.of(Kind.INPUTS, [key]).get(key)


def _is(kind: Kind, key: str) -> ColumnElement[bool]:
    return (COLUMNS.kind == kind.value) & (COLUMNS.key == key)


def _act(verb: str, kind: Kind, key: str, actor: str, body: dict[str, Any]) -> audit.Act:
    """The subject is the digest, job or capture: what people look for."""
    return audit.Act(f"retention_{verb}", actor, key.rpartition("/")[2], body)
