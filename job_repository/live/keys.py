"""Redis keys of the live store; nobody else builds them."""

from typing import Final

from job_repository.sets.rules import set_key
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import FINAL, Stage

PREFIX: Final = "jobs:"
EPOCH: Final = "jobs:epoch"
SEQ: Final = "jobs:seq"
EVENTS: Final = "jobs:events"
INSTRUMENTS: Final = "jobs:instruments"


def job_key(job_id: str) -> str:
    """Hash of one job: doc, revision, owner, stage, epoch, attempt, seq."""
    return f"jobs:job:{job_id}"


def index_key(stage: Stage, instrument: str, pipeline: str | None = None) -> str:
    """Sorted set of the jobs in one stage, of one instrument (and one pipeline), by the number they entered with."""
    base = f"jobs:index:{stage}:{instrument}"
    return base if pipeline is None else f"{base}:{pipeline}"


def wanted_key(instrument: str) -> str:
    """Sorted set of the jobs whose bytes an OEM side shall send; nobody is asked for those of pushed captures."""
    return f"jobs:wanted:{instrument}"


def gathering_key(key: str) -> str:
    """Sorted set of the jobs that wait for one set, by its key."""
    return f"jobs:gathering:{key}"


def indexes_of(job: Job) -> list[str]:
    """The sorted sets that a job stands in; a final job stands in none."""
    if job.stage in FINAL:
        return []
    instrument = job.source.instrument
    narrow = [index_key(job.stage, instrument, job.task.pipeline)] if job.task else []
    asked = job.stage is Stage.AWAITING_INPUT and job.source.returns == "instrument"
    waits = [wanted_key(instrument)] if asked else []
    if job.stage is Stage.GATHERING:
        waits = [gathering_key(set_key(job))]
    return [index_key(job.stage, instrument), *narrow, *waits]
