"""Tiles of jobs: what a row shows, made from the record's documents in one look."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, select

from job_repository.live.documents import read_job
from job_repository.plates.identity import plate_id_of, plate_name_of
from job_repository.plates.images import flags_of, measured_of, placed
from job_repository.plates.tables import is_count
from job_repository.record.models import JobRow
from labrelay.contracts.attributes import wire_texts
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import PipelineStatus, Stage
from labrelay.contracts.tiles import Tile

STORED: Final = (JobRow.seq, JobRow.doc, JobRow.waiver)
"""What a tile is made from, as `stored_tile` takes it."""


def stored_tile(row: Any) -> Tile:
    """The tile of a row of the record that has `STORED`.

    Raises:
        ValidationError: its document can't be read.
    """
    return tile_of(read_job(row.doc), row.seq, accepted=row.waiver != 0)


def tile_of(job: Job, seq: int, *, accepted: bool = False) -> Tile:
    """The tile of a job as it is at a running number; whether somebody `accepted` its failure stands beside the job."""
    source, task = job.source, job.task
    counted = job.report is not None and job.report.status is PipelineStatus.COMPLETE
    told = wire_texts(source.attributes)
    return Tile(
        id=job.id,
        seq=seq,
        stage=job.stage,
        instrument=source.instrument,
        folder=source.folder,
        path=source.path,
        name=source.path.rpartition("/")[2],
        task=task.description if task else "",
        pipeline=task.pipeline if task else "",
        plate=plate_id_of(job),
        plate_name=plate_name_of(job),
        well=placed(told["well"])[0] if told.get("well") else "",
        site=told.get("field", ""),
        result=job.report.results if job.report else "",
        count=_main_count(measured_of(job)) if counted else None,
        flags=flags_of(job),
        code=job.failure.code if job.failure else "",
        cause=job.failure.cause if job.failure else job.overdue,
        created_ns=job.created_ns,
        updated_ns=job.updated_ns,
        final=job.final,
        accepted=accepted and job.stage is Stage.FAILED,
    )


def tiles_of(connection: Connection, ids: Sequence[str]) -> dict[str, Tile]:
    """Tiles by id; unknown ids are left out."""
    rows = connection.execute(select(JobRow.id, *STORED).where(JobRow.id.in_(ids)))
    return {row.id: stored_tile(row) for row in rows}


def with_tiles(connection: Connection, events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Events, of which the last of each job has its `tile`: the job as it is now, which may be newer than the event."""
    last = {event["job_id"]: event["seq"] for event in events}
    tiles = tiles_of(connection, list(last))
    return [
        {**event, "tile": tiles[event["job_id"]].model_dump(mode="json")}
        if last[event["job_id"]] == event["seq"] and event["job_id"] in tiles
        else event
        for event in events
    ]


def _main_count(measured: Mapping[str, float]) -> float | None:
    return next((value for name, value in measured.items() if is_count(name)), None)
