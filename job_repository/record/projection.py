"""How events become rows. One batch, one transaction; the projector's position moves with it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from job_repository.live.documents import read_job
from job_repository.live.stored import LiveEvent
from job_repository.plates.identity import plate_id_of, plate_name_of, plate_of
from job_repository.plates.images import well_name_of
from job_repository.record import audit
from job_repository.record.groups import Moved, count, dimensions, group_id, tally
from job_repository.record.models import Base, CaptureEndRow, CaptureRow, JobEventRow, JobRow, PlateRow
from job_repository.record.store import ENDS, number_of, set_number
from job_repository.sets.rules import set_key
from labrelay.contracts.jobs import Job

AUDITED_STEPS: Final = frozenset({"retry", "cancel", "reprocess", "edit", "restored"})
QUIET_STEPS: Final = frozenset({"edit", "supersede"})
"""After all others a failure that somebody waived is looked at anew."""
BEGINNINGS: Final = frozenset({"created", "retry", "reprocess", "plate_finished"})
"""Steps with which a job comes, or comes again: as many as there are ends once all is done."""


@dataclass(frozen=True)
class Entry:
    """An event with its job and step read."""

    seq: int
    doc: str
    job: Job
    step: dict[str, Any]


@dataclass
class Applied:
    """What a batch did: the position now, final jobs with the number at which they became so, the audit's head."""

    position: int
    final: list[tuple[str, int]] = field(default_factory=list)
    head: audit.Head | None = None
    entries: list[Entry] = field(default_factory=list)


def apply_events(connection: Connection, events: Sequence[LiveEvent]) -> Applied:
    """Project events; those up to the position are known already and change nothing."""
    position = number_of(connection, "applied", lock=True)
    entries = [
        Entry(event.seq, event.doc, read_job(event.doc), json.loads(event.step))
        for event in events
        if event.seq > position
    ]
    if not entries:
        return Applied(position)
    newest = {entry.job.id: entry for entry in entries}
    connection.execute(insert(JobEventRow), [_event_row(entry) for entry in entries])
    _write_jobs(connection, entries, newest)
    _write_plates(connection, entries)
    _write_ends(connection, {entry.job.source.capture_id for entry in newest.values()})
    head = audit.append(connection, [act for entry in entries for act in _acts(entry)])
    set_number(connection, "applied", entries[-1].seq)
    final = [(entry.job.id, entry.seq) for entry in newest.values() if entry.job.final]
    return Applied(entries[-1].seq, final, head, entries)


def _event_row(entry: Entry) -> dict[str, Any]:
    job = entry.job
    detail = {name: value for name, value in entry.step.items() if name not in ("step", "actor", "epoch", "attempt")}
    return {
        "seq": entry.seq,
        "job_id": job.id,
        "at_ns": job.updated_ns,
        "step": entry.step["step"],
        "stage": job.stage.value,
        "actor": _plain(entry.step.get("actor", "")),
        "epoch": job.epoch,
        "attempt": job.attempt,
        "instrument": job.source.instrument,
        "pipeline": job.task.pipeline if job.task else "",
        "path": _plain(job.source.path),
        "detail": json.dumps(detail),
    }


def _job_row(entry: Entry) -> dict[str, Any]:
    job = entry.job
    return {
        "seq": entry.seq,
        "capture_id": job.source.capture_id,
        "stage": job.stage.value,
        "status": job.status.value,
        "final": job.final,
        "instrument": job.source.instrument,
        "pipeline": job.task.pipeline if job.task else "",
        "path": _plain(job.source.path),
        "failure_code": _plain(job.failure.code) if job.failure else "",
        "overdue": bool(job.overdue),
        "set_key": set_key(job),
        "plate": plate_id_of(job),
        "task_id": job.task.id if job.task else "",
        "plate_name": plate_name_of(job),
        "well": well_name_of(job),
        "revision": job.revision,
        "updated_ns": job.updated_ns,
        "doc": entry.doc,
    }


def _write_jobs(connection: Connection, entries: list[Entry], newest: dict[str, Entry]) -> None:
    query = select(JobRow.id, JobRow.group_id, JobRow.waiver).where(JobRow.id.in_(newest))
    known = {row.id: row for row in connection.execute(query)}
    first = {entry.job.id: entry.seq for entry in reversed(entries)}
    moved = {entry.job.id for entry in entries if entry.step["step"] not in QUIET_STEPS}
    waivers = {job_id: row.waiver for job_id, row in known.items() if job_id not in moved}
    rows = {job_id: _grouped(_job_row(entry), waivers.get(job_id, 0)) for job_id, entry in newest.items()}
    fresh = [
        {**row, "id": job_id, "number": first[job_id], "hidden": False}
        for job_id, row in rows.items()
        if job_id not in known
    ]
    changed = [{**rows[job_id], "row_id": job_id} for job_id in rows if job_id in known]
    if fresh:
        connection.execute(insert(JobRow), fresh)
    if changed:
        table = Base.metadata.tables["jobs"]
        connection.execute(update(table).where(table.c.id == bindparam("row_id")), changed)
    before = {job_id: row.group_id for job_id, row in known.items()}
    count(connection, [Moved(before.get(job_id), row) for job_id, row in rows.items()])
    tally(connection, [(each.job.updated_ns, each.step["step"] in BEGINNINGS, _ends(each)) for each in entries])


def _ends(entry: Entry) -> bool:
    """Whether this step ended its job: those that move nothing come after its end."""
    return entry.job.final and entry.step["step"] not in QUIET_STEPS


def _grouped(row: dict[str, Any], waiver: int) -> dict[str, Any]:
    row["waiver"] = waiver
    row["group_id"] = group_id(dimensions(row))
    return row


def _write_plates(connection: Connection, entries: list[Entry]) -> None:
    """A plate begins with the first event of one of its jobs."""
    found = {plate.id: (plate, entry.seq) for entry in reversed(entries) if (plate := plate_of(entry.job))}
    if not found:
        return
    known = set(connection.scalars(select(PlateRow.id).where(PlateRow.id.in_(found))))
    rows = [
        {
            "id": plate.id,
            "number": seq,
            "instrument": plate.instrument,
            "folder": _plain(plate.folder),
            "attributes": json.dumps(plate.attributes),
            "covered": 0,
        }
        for plate, seq in found.values()
        if plate.id not in known
    ]
    if rows:
        connection.execute(insert(PlateRow), rows)


def _write_ends(connection: Connection, captures: set[str]) -> None:
    """A capture has ended when all its jobs are final; a retry takes the end back."""
    ended = (
        select(CaptureRow.id, CaptureRow.instrument)
        .join(JobRow, JobRow.capture_id == CaptureRow.id)
        .where(CaptureRow.id.in_(captures), JobRow.final)
        .group_by(CaptureRow.id, CaptureRow.instrument, CaptureRow.job_count)
        .having(func.count(JobRow.id) >= CaptureRow.job_count)
    )
    finished = {row.id: row.instrument for row in connection.execute(ended)}
    known = set(connection.scalars(select(CaptureEndRow.capture_id).where(CaptureEndRow.capture_id.in_(captures))))
    rows = [{"capture_id": each, "instrument": finished[each]} for each in sorted(finished.keys() - known)]
    if rows:
        connection.execute(insert(CaptureEndRow), rows)
        set_number(connection, ENDS, connection.scalar(select(func.max(CaptureEndRow.number))) or 0)
    if reopened := known - finished.keys():
        connection.execute(delete(CaptureEndRow).where(CaptureEndRow.capture_id.in_(reopened)))


def _acts(entry: Entry) -> list[audit.Act]:
    job, actor = entry.job, _plain(entry.step.get("actor", ""))
    acts = []
    if entry.step["step"] in AUDITED_STEPS:
        acts.append(audit.Act(entry.step["step"], actor, job.id, {"seq": entry.seq, **entry.step}))
    if job.final:
        acts.append(audit.Act(audit.JOB_FINAL, actor, job.id, _end_of(entry)))
    return acts


def _end_of(entry: Entry) -> dict[str, Any]:
    """The digests of a final job: of the whole document, and those that others hold too, each for itself."""
    job = entry.job
    measured = job.report.measurements if job.report else {}
    body: dict[str, Any] = {"seq": entry.seq, "stage": job.stage.value, "sha256": audit.doc_digest(entry.doc)}
    body |= {"input": job.source.sha256, "outputs": [output.sha256 for output in job.outputs]}
    return {**body, "measurements": audit.doc_digest(audit.canonical(measured))} if measured else body


def _plain(text: str) -> str:
    """PostgreSQL stores no NUL; one bad name must not stop the projector."""
    return text.replace("\x00", "\ufffd")
