"""One job as a row that a person reads."""

from dataclasses import dataclass

from dashboard.pictures import overlay_url
from dashboard.quantities import Moment, duration, moment
from dashboard.states import LOOKS, STATE_OF, WORDS, State
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from labrelay.words import _


@dataclass(frozen=True)
class JobRow:
    """What the table shows of a job.

    Attributes:
        name: the file's own name.
        place: instrument, watched folder and sub-folders.
        words: the stage in plain words.
        note: why it failed, or what it has been waiting for.
        result: the pipeline's result text, e.g. `CellCount, 598`.
        quality: the pipeline's quality flags.
        took: from the announcement to the end; empty while it isn't final.
        overlay: URL of the picture, or None.
    """

    id: str
    name: str
    place: str
    state: State
    title: str
    letter: str
    words: str
    note: str
    pipeline: str
    result: str
    quality: tuple[str, ...]
    took: str
    updated: Moment
    created_ns: int
    updated_ns: int
    overlay: str | None


def row_of(job: Job) -> JobRow:
    """The row of a job."""
    state = STATE_OF[job.stage]
    look = LOOKS[state]
    return JobRow(
        id=job.id,
        name=file_name(job),
        place=place(job),
        state=state,
        title=_(look.title),
        letter=look.letter,
        words=_(WORDS[job.stage]),
        note=_note(job),
        pipeline=job.task.pipeline if job.task else "",
        result=job.report.results if job.report else "",
        quality=quality_flags(job),
        took=duration(job.updated_ns - job.created_ns) if job.final else "",
        updated=moment(job.updated_ns),
        created_ns=job.created_ns,
        updated_ns=job.updated_ns,
        overlay=overlay_url(job),
    )


def file_name(job: Job) -> str:
    """The last part of the file's path."""
    return job.source.path.rpartition("/")[2]


def place(job: Job) -> str:
    """Where the file lies: `reader-1 / input / plate7`."""
    source = job.source
    return " / ".join(part for part in (source.instrument, source.folder, *source.path.split("/")[:-1]) if part)


def quality_flags(job: Job) -> tuple[str, ...]:
    """The pipeline's quality flags, one by one (AiCSD gives them as one text)."""
    flags = job.report.qc_flags if job.report else ""
    return tuple(flag.strip() for flag in flags.replace(";", ",").split(",") if flag.strip())


def _note(job: Job) -> str:
    if job.stage is Stage.FAILED and job.failure:
        return job.failure.cause
    return "" if job.final else job.overdue
