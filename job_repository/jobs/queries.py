"""Lists, timelines and counts from the record. A caller sees its own writes: the record is waited for first."""

import json
import time
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import select, update

from job_repository.instruments.drains import InstrumentDrains
from job_repository.instruments.pauses import InstrumentPauses
from job_repository.instruments.silences import Silences
from job_repository.jobs.counts import by_instrument, by_stage_and_code, facets, throughput
from job_repository.jobs.failures import failures, open_counts
from job_repository.jobs.pages import Page, Search
from job_repository.jobs.tiles import tiles_of, with_tiles
from job_repository.live.restore import Restorer
from job_repository.live.store import LiveStore
from job_repository.record import audit
from job_repository.record.models import JobEventRow, JobRow
from job_repository.record.projector import Projector
from job_repository.record.store import Record
from labrelay.contracts.facets import Facets
from labrelay.contracts.failures import Failures, Throughput
from labrelay.contracts.filters import JobFilter
from labrelay.contracts.jobs import Job
from labrelay.contracts.pauses import Pauses
from labrelay.contracts.tiles import Tile
from labrelay.errors import ServiceUnavailable

CATCH_UP_S: Final = 1.0


class Queries:
    """Reads over the record, with the live store's newer documents laid over it while the projector is behind."""

    def __init__(
        self,
        record: Record,
        live: LiveStore,
        restorer: Restorer,
        projector: Projector,
        pauses: InstrumentPauses,
        drains: InstrumentDrains,
        silences: Silences,
    ) -> None:
        self._record = record
        self._live = live
        self._restorer = restorer
        self._projector = projector
        self._pauses = pauses
        self._drains = drains
        self._silences = silences

    def jobs(self, wanted: JobFilter, limit: int, after: str | None) -> tuple[list[Job], Page]:
        """Jobs, newest first, and where the next page begins."""
        fresh = self.catch_up()
        with self._record.read() as connection:
            page = Search(connection, wanted).page(after, limit)
            rows = connection.execute(select(JobRow.number, JobRow.doc).where(JobRow.number.in_(page.numbers)))
            docs = {row.number: row.doc for row in rows}
        jobs = [Job.model_validate_json(docs[number]) for number in page.numbers]
        return (jobs if fresh else self._overlaid(jobs)), page

    def facets(self, wanted: JobFilter) -> Facets:
        """How many jobs a filter takes, by stage, status, failure code, instrument and pipeline."""
        self.catch_up()
        with self._record.read() as connection:
            return facets(connection, wanted)

    def every_job(self) -> list[Job]:
        """All jobs that weren't deleted over v1."""
        self.catch_up()
        with self._record.read() as connection:
            docs = connection.scalars(select(JobRow.doc).where(~JobRow.hidden).order_by(JobRow.number)).all()
        return self._overlaid([Job.model_validate_json(doc) for doc in docs])

    def of_set(self, key: str) -> list[Job]:
        """All jobs that ever belonged to a set, oldest first.

        Raises:
            ServiceUnavailable: the record is behind, and it matters that none is missing.
        """
        if not self.catch_up():
            raise ServiceUnavailable("The record doesn't hold all jobs of the set yet.")
        with self._record.read() as connection:
            docs = connection.scalars(select(JobRow.doc).where(JobRow.set_key == key).order_by(JobRow.number)).all()
        return self._overlaid([Job.model_validate_json(doc) for doc in docs])

    def timeline(self, job_id: str) -> list[dict[str, Any]]:
        """A job's steps, oldest first."""
        self.catch_up()
        query = select(*JobEventRow.__table__.c).where(JobEventRow.job_id == job_id).order_by(JobEventRow.seq)
        with self._record.read() as connection:
            return [_event(row._mapping) for row in connection.execute(query)]  # noqa: SLF001 - SQLAlchemy's public API

    def events(self, after: int, limit: int, *, tiles: bool = False) -> list[dict[str, Any]]:
        """Steps of all jobs after a running number, oldest first; with `tiles`, each job's last one has its tile."""
        query = select(*JobEventRow.__table__.c).where(JobEventRow.seq > after).order_by(JobEventRow.seq).limit(limit)
        with self._record.read() as connection:
            found = [_event(row._mapping) for row in connection.execute(query)]  # noqa: SLF001 - SQLAlchemy's public API
            return with_tiles(connection, found) if tiles else found

    def tiles(self, ids: Sequence[str]) -> list[Tile]:
        """Tiles of jobs in this order, as the record holds them now; unknown ids are left out."""
        with self._record.read() as connection:
            found = tiles_of(connection, ids)
        return [found[job_id] for job_id in dict.fromkeys(ids) if job_id in found]

    def summary(self) -> dict[str, Any]:
        """Counts by stage, by failure code and by instrument, tables apart; paused instruments also without jobs."""
        self.catch_up()
        with self._record.read() as connection:
            counts, instruments = by_stage_and_code(connection), by_instrument(connection)
            needing = open_counts(connection)
        at = {"epoch": self._live.epoch, "seq": self._projector.position}
        return {**counts, "open": needing, "instruments": self._instruments(instruments), **at}

    def failures(self) -> Failures:
        """What needs somebody."""
        self.catch_up()
        with self._record.read() as connection:
            return failures(connection)

    def throughput(self, minutes: int) -> Throughput:
        """How fast work goes."""
        self.catch_up()
        with self._record.read() as connection:
            return throughput(connection, minutes, time.time_ns())

    def _instruments(self, counted: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """With who paused or drained them (`draining`: None for nobody) and since when they are silent."""
        paused, drained = self._pauses.all(), self._drains.all()
        # Where a person holds one its silence is no news.
        silent = {name: at_ns for name, at_ns in self._silences.all().items() if name not in {*paused, *drained}}
        idle = sorted({*paused, *drained, *silent} - {each["instrument"] for each in counted})
        counted += [{"instrument": name, "jobs": 0, "live": 0, "last_ns": 0} for name in idle]
        return [
            {
                **each,
                "paused": paused.get(each["instrument"], Pauses()).model_dump(mode="json"),
                "draining": held.model_dump(mode="json") if (held := drained.get(each["instrument"])) else None,
                "silent_since_ns": silent.get(each["instrument"]),
            }
            for each in counted
        ]

    def hidden(self, job_id: str) -> bool:
        """Whether the job was deleted over v1."""
        with self._record.read() as connection:
            return bool(connection.scalar(select(JobRow.hidden).where(JobRow.id == job_id)))

    def hide(self, job_id: str, actor: str, chain: audit.Audit) -> None:
        """Delete a job over v1: v1 shows it no more; the record and its audit keep it."""
        self.catch_up()
        with self._record.write() as connection:
            changed = connection.execute(update(JobRow).where(JobRow.id == job_id).values(hidden=True))
            if changed.rowcount == 0:
                raise ServiceUnavailable("The record doesn't hold this job yet.")
            head = audit.append(connection, [audit.Act("hidden", actor, job_id, {})])
        chain.sign(head)

    def catch_up(self) -> bool:
        """Wait until the record holds what is live now, a second at most; whether it does."""
        seq = self._restorer.guarded(self._live.check)
        return self._projector.await_position(seq, CATCH_UP_S)

    def _overlaid(self, jobs: list[Job]) -> list[Job]:
        live = self._live.get_many([job.id for job in jobs if not job.final])
        return [live.get(job.id, job) for job in jobs]


def _event(row: Any) -> dict[str, Any]:
    return {**row, "detail": json.loads(row["detail"])}
