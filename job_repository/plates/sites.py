"""The images of plates as maps need them, kept in memory: only what changed since is read anew.

A plate of 1,536 wells with four images each has some 20 MB of documents, of which a change concerns one.
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from sqlalchemy import Connection, func, select

from job_repository.jobs.filtering import hinted
from job_repository.plates.images import flags_of, measured_of, placed
from job_repository.plates.store import PlateStore
from job_repository.record.models import BY_WELL, JobRow, VerdictRow
from labrelay.contracts.attributes import wire_texts
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import PipelineStatus, Stage
from labrelay.contracts.verdicts import COUNT, Judgement, seal_of
from labrelay.contracts.wells import SLICES

KEPT: Final = 50_000
"""Images in memory, some 1 kB each; the plate that was looked at last is kept in any case."""


class Site(NamedTuple):
    """One image of a plate, by one task or none.

    Attributes:
        place: orders wells along the plate; row and column are 0 where the well is none of a plate.
        told: what of field, channel, plane and time its name tells.
        measured: numbers by name; empty while there is no result.
        seal: of its outputs, which a verdict names.
    """

    job: str
    number: int
    task: str
    description: str
    pipeline: str
    path: str
    well: str
    place: tuple[int, int, str]
    told: Mapping[str, str]
    stage: Stage
    measured: Mapping[str, float]
    flags: tuple[str, ...]
    created_ns: int
    updated_ns: int
    seal: str
    control: str
    sample: str


class Said(NamedTuple):
    """What people say of an image's result."""

    rejected: bool
    excluded: int


@dataclass
class _Known:
    seq: int = 0
    sites: dict[str, Site] = field(default_factory=dict)
    told: "PlateSites | None" = None


@dataclass(frozen=True)
class PlateSites:
    """All images of a plate, those of each file the newest.

    Attributes:
        seq: number of the newest step that is in it.
        said: by job, where people said anything of the results that it has now.
        accepted: jobs that failed and that people accepted as missing.
    """

    seq: int
    sites: tuple[Site, ...]
    said: Mapping[str, Said]
    accepted: frozenset[str] = frozenset()


class SiteShelf:
    """Keeps the images of the plates that were looked at last. Safe to use from several threads."""

    def __init__(self, store: PlateStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._known: OrderedDict[str, _Known] = OrderedDict()

    def of(self, plate_id: str) -> PlateSites:
        """The images of a plate as the record holds them now; the same object while nothing changed."""
        with self._lock, self._store.record.read() as connection:
            known = self._known.pop(plate_id, None) or _Known()
            _take_in(connection, plate_id, known)
            people = _said(connection, plate_id, known.sites), accepted_of(connection, plate_id)
            self._known[plate_id] = known
            self._forget()
            if known.told is None or (known.told.said, known.told.accepted) != people:
                known.told = PlateSites(known.seq, _newest(known.sites.values()), *people)
            return known.told

    def _forget(self) -> None:
        while len(self._known) > 1 and sum(len(each.sites) for each in self._known.values()) > KEPT:
            self._known.popitem(last=False)


def _take_in(connection: Connection, plate_id: str, known: _Known) -> None:
    of_plate = JobRow.plate == plate_id
    _read_after(connection, plate_id, known)
    if connection.scalar(select(func.count()).where(of_plate)) != len(known.sites):
        # Some went to another plate by an edit, or out of the record.
        known.seq, known.sites, known.told = 0, {}, None
        _read_after(connection, plate_id, known)


def _read_after(connection: Connection, plate_id: str, known: _Known) -> None:
    query = select(JobRow.seq, JobRow.number, JobRow.doc).where(JobRow.plate == plate_id, JobRow.seq > known.seq)
    for seq, number, doc in connection.execute(query.order_by(JobRow.seq)):
        site = site_of(Job.model_validate_json(doc), number)
        known.sites[site.job] = site
        known.seq, known.told = seq, None


def _said(connection: Connection, plate_id: str, sites: Mapping[str, Site]) -> dict[str, Said]:
    query = select(VerdictRow.job_id, VerdictRow.seal, VerdictRow.verdict, VerdictRow.excluded)
    rows = connection.execute(query.join(JobRow, JobRow.id == VerdictRow.job_id).where(JobRow.plate == plate_id))
    return {
        row.job_id: Said(row.verdict == Judgement.REJECT, len(json.loads(row.excluded)))
        for row in rows
        if row.job_id in sites and sites[row.job_id].seal == row.seal
    }


def accepted_of(connection: Connection, plate_id: str) -> frozenset[str]:
    """Jobs of a plate that failed and that people accepted as missing."""
    failed = (JobRow.plate == plate_id, JobRow.stage == Stage.FAILED.value)
    query = select(JobRow.id).where(*failed, JobRow.waiver != 0)
    # This index knows the stage: of a large plate only the rows of failed jobs are read.
    return frozenset(connection.scalars(hinted(query, JobRow, BY_WELL)))


def _newest(sites: Iterable[Site]) -> tuple[Site, ...]:
    newest: dict[tuple[str, str], Site] = {}
    for site in sites:
        known = newest.get((site.task, site.path))
        if site.stage is not Stage.SUPERSEDED and (known is None or known.number < site.number):
            newest[site.task, site.path] = site
    return tuple(newest.values())


def site_of(job: Job, number: int) -> Site:
    """What a map needs of a job of a plate; `number` is that of its first event."""
    source, task = job.source, job.task
    texts = wire_texts(source.attributes)
    well, place = placed(texts["well"])
    good = (job.stage is Stage.COMPLETE or not job.final) and _is_counted(job)
    return Site(
        job=job.id,
        number=number,
        task=task.id if task else "",
        description=task.description if task else "",
        pipeline=task.pipeline if task else "",
        path=source.path,
        well=well,
        place=place,
        told={name: texts[name] for name in ("field", *SLICES) if name in texts and name != _over(job)},
        stage=job.stage,
        measured=dict(measured_of(job)) if good else {},
        flags=flags_of(job) if good else (),
        created_ns=job.created_ns,
        updated_ns=job.updated_ns,
        seal=seal_of(job) if job.outputs else "",
        control=texts.get("control", "").lower(),
        sample=texts.get("sample", ""),
    )


def _is_counted(job: Job) -> bool:
    return job.report is not None and job.report.status is PipelineStatus.COMPLETE


def _over(job: Job) -> str:
    return job.task.group.over if job.task and job.task.group else ""


def measured_by_people(site: Site, said: Said | None) -> Mapping[str, float]:
    """An image's numbers as they stand after what people said: without excluded objects; none of a rejected one."""
    if said is None:
        return site.measured
    if said.rejected:
        return {}
    counted = {COUNT: max(0.0, site.measured[COUNT] - said.excluded)} if COUNT in site.measured else {}
    return {**site.measured, **counted}
