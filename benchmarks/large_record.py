"""A record of very many jobs by bulk SQL: plates of 500 images from 20 instruments for 5 tasks over 60 days."""

import json
import random
import time
from collections.abc import Iterator
from typing import Final
from uuid import UUID

from sqlalchemy import insert

from job_repository.plates.identity import plate_of
from job_repository.record.groups import recount
from job_repository.record.models import JobEventRow, JobRow, PlateRow
from job_repository.record.projection import Entry, _event_row, _grouped, _job_row
from job_repository.record.store import Record, set_number
from labrelay.contracts.attributes import Attributes
from labrelay.contracts.jobs import Failure, Job, PipelineReport, Source
from labrelay.contracts.states import Owner, PipelineStatus, Stage
from labrelay.contracts.tasks import FrozenTask

INSTRUMENTS: Final = 20
PLATE: Final = 500
LIVE: Final = 1000
DAYS: Final = 60
STEPS: Final = 9
CHUNK: Final = 5000
DAY_NS: Final = 86_400 * 10**9
CODES: Final = ("pipeline_failed", "input_problem", "timed_out", "no_worker", "image_unreadable")
CODES_MORE: Final = ("model_refused", "digest_mismatch", "storage_full")


def jobs(count: int, now_ns: int) -> Iterator[tuple[Job, int]]:
    """Jobs and the number of their last step, oldest first."""
    chance = random.Random(1)
    for number in range(count):
        job = _job(number, count, now_ns, chance)
        yield job, (number + 1) * STEPS


def _job(number: int, count: int, now_ns: int, chance: random.Random) -> Job:
    plate, place = divmod(number, PLATE)
    created = now_ns - int((count - number) / count * DAYS * DAY_NS)
    task = FrozenTask.model_construct(
        id=f"task-{plate % 5}",
        version=1,
        description=f"Count {plate % 5}",
        pipeline=f"count/{plate % 5}",
        carrier="streams",
        parameters={"channel": "1", "threshold": "otsu"},
        result_folder="",
        processing_deadline_s=None,
        group=None,
    )
    stage = _stage(number, count, chance)
    return Job.model_construct(
        id=str(UUID(int=chance.getrandbits(128))),
        epoch=0,
        revision=STEPS,
        stage=stage,
        source=_source(plate, place, count, chance),
        task=task,
        attempt=1,
        report=_report(chance) if stage is Stage.COMPLETE else None,
        failure=_failure(chance) if stage is Stage.FAILED else None,
        created_ns=created,
        updated_ns=created + chance.randrange(60 * 10**9),
    )


def _stage(number: int, count: int, chance: random.Random) -> Stage:
    if number >= count - LIVE:
        return chance.choice((Stage.AWAITING_INPUT, Stage.READY, Stage.LAUNCHED, Stage.PROCESSING))
    return Stage.FAILED if chance.random() < 0.03 else Stage.COMPLETE


def _source(plate: int, place: int, count: int, chance: random.Random) -> Source:
    row, column = divmod(place % 384, 24)
    well = f"{'ABCDEFGHIJKLMNOP'[row]}{column + 1:02d}"
    silent = plate % INSTRUMENTS == 0 and plate < count // PLATE // 3  # one that stopped a third of the time ago
    name = "scope-old" if silent else f"scope-{plate % INSTRUMENTS:02d}"
    attributes: Attributes = {"plate": f"P{plate:05d}", "well": well, "field": place // 384 + 1, "channel": "DAPI"}
    path = f"2026/screen-{plate // 50:03d}/P{plate:05d}/{well}_s{place // 384 + 1}_w1_DAPI.tif"
    return Source.model_construct(
        capture_id=str(UUID(int=chance.getrandbits(128))),
        instrument=name,
        folder="input",
        path=path,
        generation=1,
        size=9_331_200,
        sha256=f"{chance.getrandbits(256):064x}",
        host=name,
        directory=f"/data/{name}/input/2026/screen-{plate // 50:03d}/P{plate:05d}/",
        attributes=attributes,
        returns="instrument",
    )


def _report(chance: random.Random) -> PipelineReport:
    cells = chance.randrange(50, 900)
    figures = {"count": float(cells)} | {f"mean_{name}": chance.random() * 1000 for name in ("area", "intensity")}
    flags = chance.choice(("passed", "passed", "out_of_focus"))
    return PipelineReport.model_construct(
        status=PipelineStatus.COMPLETE, results=f"CellCount, {cells}", qc_flags=flags, measurements=figures
    )


def _failure(chance: random.Random) -> Failure:
    return Failure.model_construct(
        code=chance.choice(CODES + CODES_MORE),
        cause="The pipeline stopped with an error while it read the image.",
        next_step="Open the image; if it is good, retry the job.",
        retryable=True,
        owner=Owner.TASK_LAUNCHER,
    )


def fill(record: Record, count: int) -> None:
    """Write jobs, plates and the first and last steps of the newest jobs into an empty record."""
    rows: list[tuple[Job, int]] = []
    plates: set[str] = set()
    for job, seq in jobs(count, time.time_ns()):
        rows.append((job, seq))
        if len(rows) == CHUNK:
            _write(record, rows, plates, with_events=seq > (count - 50_000) * STEPS)
            rows = []
    _write(record, rows, plates, with_events=True)
    with record.write() as connection:
        set_number(connection, "applied", count * STEPS)
        recount(connection)


def _write(record: Record, found: list[tuple[Job, int]], plates: set[str], *, with_events: bool) -> None:
    entries = [Entry(seq, job.model_dump_json(), job, {"step": "finish"}) for job, seq in found]
    if not entries:
        return
    known = [
        {**_grouped(_job_row(each), 0), "id": each.job.id, "number": each.seq - STEPS + 1, "hidden": False}
        for each in entries
    ]
    fresh = {plate.id: (plate, entry.seq) for entry in entries if (plate := plate_of(entry.job))}
    with record.write() as connection:
        connection.execute(insert(JobRow), known)
        connection.execute(
            insert(PlateRow),
            [
                {
                    "id": plate.id,
                    "number": seq,
                    "instrument": plate.instrument,
                    "folder": plate.folder,
                    "attributes": json.dumps(plate.attributes),
                    "covered": seq,
                }
                for plate, seq in fresh.values()
                if plate.id not in plates
            ],
        )
        if with_events:
            connection.execute(insert(JobEventRow), [_event_row(each) for each in entries])
            created = [
                {**_event_row(each), "seq": each.seq - STEPS + 1, "step": "created", "stage": "awaiting_input"}
                for each in entries
            ]
            connection.execute(insert(JobEventRow), [{**row, "at_ns": row["at_ns"] - 10**9} for row in created])
    plates |= fresh.keys()
